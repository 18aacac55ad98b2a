"""Replay: make a recorded call again, and compare calls.

``run.replay`` makes the recorded caller call the application of today; ``compare.compare`` compares
two traces, with the alignment of all their records; ``assumptions.assume`` makes a call once under
each other reading of the platform. ``api`` has what ``import ivrsim`` offers of it.
"""
