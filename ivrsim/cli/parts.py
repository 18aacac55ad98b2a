"""Options that several commands share."""

from __future__ import annotations

import argparse


def add_voice(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--voice", metavar="NAME", help="who speaks: espeak, which is embedded (default), or gtts"
    )


def add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks"
    )
