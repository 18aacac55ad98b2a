"""Recorded calls on the screen, and looking back in any call: where its records come from, the
state at one of them, the line of time, and the sound beside it."""
