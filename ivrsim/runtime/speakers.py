"""The loudspeakers of one call: prompts, tones and key feedback, to one output stream."""

from __future__ import annotations

from ivrsim.sound.clip import Clip
from ivrsim.sound.mixer import Mixer
from ivrsim.sound.output import open_output
