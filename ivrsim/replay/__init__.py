"""The recorded caller calls again: what differs, and which assumptions decide."""
