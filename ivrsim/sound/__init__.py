"""Sound: tones, speech, files, mixing and devices. Knows nothing of calls."""
