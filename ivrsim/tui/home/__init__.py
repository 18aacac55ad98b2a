"""The screen that ivrsim opens with: samples, recent calls, anything else to call."""
