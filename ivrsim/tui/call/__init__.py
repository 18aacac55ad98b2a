"""The screen of one call."""
