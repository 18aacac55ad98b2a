"""``python -m bench.dtmf``: every row, ours and both peers side by side."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from bench.dtmf.keying import SEED_SETS
from bench.dtmf.report import DETECTORS, Options, sections


def main(argv: Sequence[str] | None = None) -> int:
    """0; with ``--strict`` 1 where ours falls short, or when a peer is missing in CI."""
    parser = argparse.ArgumentParser(prog="python -m bench.dtmf", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a fifth of the digits; for CI")
    parser.add_argument("--seeds", choices=(*SEED_SETS, "both"), default="both")
    parser.add_argument("--hours", type=float, help="of talk-off for each set (2; short: 0.1)")
    parser.add_argument("--strict", action="store_true", help="exit 1 where ivrsim falls short")
    options = parser.parse_args(argv)
    seed_sets = tuple(SEED_SETS) if options.seeds == "both" else (options.seeds,)
    hours = options.hours or (0.1 if options.short else 2.0)
    failed = False
    for section in sections(Options(seed_sets, options.short, hours)):
        print(section, flush=True)
        failed = failed or any(line.fails for line in section.lines)
    for one in DETECTORS:
        if one.missing:
            print(f"{one.name}: {one.missing}")
            failed = failed or os.environ.get("CI") == "true"
    return 1 if failed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
