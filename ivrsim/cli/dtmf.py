"""``ivrsim dtmf``."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from ivrsim.errors import AudioError

if TYPE_CHECKING:
    from ivrsim.sound.clip import Samples
    from ivrsim.sound.dtmf import Digit


def dtmf(options: Namespace) -> int:
    """Print the digits in each file; 2 when one of them could not be read."""
    status = 0
    for file in options.files:
        prefix = f"{file}: " if len(options.files) > 1 else ""
        try:
            digits = _digits(file, options.channel)
        except AudioError as error:
            if options.debug:
                raise
            # One bad file does not keep the others from being heard.
            print(f"ivrsim: {error}", file=sys.stderr)
            status = error.exit_status
            continue
        if options.times:
            for digit in digits:
                assert digit.end is not None  # after the end of the file, no key is held
                print(f"{prefix}{digit.digit} {digit.start:.3f} {digit.end:.3f}")
        else:
            print(f"{prefix}{''.join(digit.digit for digit in digits)}".rstrip())
    return status


def _digits(file: str, channel: str) -> list[Digit]:
    from ivrsim.sound.dtmf import DtmfDetector
    from ivrsim.sound.files import decode_channels, read

    samples, rate = decode_channels(read(file), file)
    detector = DtmfDetector(rate)
    return [*detector.feed(_chosen(samples, channel)), *detector.flush()]


def _chosen(samples: Samples, channel: str) -> Samples:
    """One channel of samples of shape (n, channels); of a mono file the only one."""
    if samples.shape[1] == 1 or channel == "left":
        return samples[:, 0]
    return samples.mean(axis=1) if channel == "mix" else samples[:, 1]
