"""Run the benches and print a table for each: ``python -m bench [names] [--short] [--strict]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

if __package__ in (None, ""):  # python bench/run.py
    sys.path.insert(0, str(Path(__file__).parent.parent))

NAMES = (
    "calls", "webhook", "startup", "paint", "flow", "trace", "view", "opening",
    "voice", "dtmf", "words", "line",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """0; with ``--strict`` 1 when a limit was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--short", action="store_true", help="tiny: to see that they work")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a limit is missed")
    options = parser.parse_args(argv)
    for name in options.names:
        if name not in NAMES:
            parser.error(f"there is no bench {name!r}: expected {', '.join(NAMES)}")
    from bench.timing import table

    missed = False
    for name in options.names or NAMES:
        bench = import_module(f"bench.{name}")
        rows = bench.run(options.short)
        missed = missed or any(row.met is False for row in rows)
        print(table(bench.TITLE, rows), flush=True)
    return 1 if missed and options.strict else 0


if __name__ == "__main__":
    sys.exit(main())
