"""What can be typed about recorded calls: open, show, replay, import, export."""

from __future__ import annotations

import argparse
from typing import Any

from ivrsim.cli.parts import add_debug

_RAW = argparse.RawDescriptionHelpFormatter

OPEN = """\
examples:
  ivrsim open call.jsonl
  ivrsim open call.jsonl --at 24                 begin where `ivrsim replay` says #24
  ivrsim open call.jsonl --filter 'status:>=500'
  ivrsim open call.jsonl --against http://localhost:5000/vca
"""

SHOW = """\
examples:
  ivrsim show call.jsonl                         as the call was printed
  ivrsim show call.jsonl 'kind:webhook status:>=500'
  ivrsim show call.jsonl 'text:"opening hours" or digit:1'
  ivrsim show call.jsonl -- '-kind:timer'        one that begins with a minus
  ivrsim show call.jsonl --json | jq .kind

docs/filter.md has all fields.

exit status: 0 (also when nothing matches, and for a damaged trace, which is shown up to its
damage), 2 the filter or the file is wrong, 3 ivrsim could not go on
"""

REPLAY = """\
examples:
  ivrsim replay call.jsonl                       its own target, as it is today
  ivrsim replay call.jsonl --against http://localhost:5000/vca
  ivrsim replay old.jsonl new.jsonl              compare two recorded calls, and call nobody
  ivrsim replay call.jsonl --ignore reference --tolerance 0.5
  ivrsim replay call.jsonl --assumptions         once under each other reading of the platform

exit status: 0 no difference, 1 a difference (or the flow fails under another reading), 2 the
command line or a file is wrong, 3 ivrsim could not go on
"""

IMPORT = """\
examples:
  ivrsim import capture.har                      webhooks that a browser, proxy or tunnel recorded
  ivrsim import bodies.jsonl requests.log        a log of webhook bodies; curl-like request logs
  ivrsim import capture.har -o folder/           one trace a call in a folder of yours

Calls are told apart by conversation, session and leg; what is missing is marked as a gap.
docs/exchange.md says what is read.

exit status: 0, 2 a file is none of these or cannot be read, 3 ivrsim could not go on
"""

EXPORT = """\
examples:
  ivrsim export call.jsonl --format markdown     to read and to send
  ivrsim export call.jsonl --format mermaid -o call.mmd
  ivrsim export call.jsonl --format har          webhooks, for any HTTP tool
  ivrsim export call.jsonl --format vcon         the IETF's container for conversations
  ivrsim export call.jsonl --format trace        the trace with secrets and numbers masked

exit status: 0 (a damaged trace is exported up to its damage, with a warning), 2 the trace or
FILE is wrong, 3 ivrsim could not go on
"""


def add_trace_commands(commands: Any) -> None:
    """Add the commands to the subparsers of ``ivrsim``."""
    opened = commands.add_parser(
        "open",
        help="open a recorded call in the application",
        description="Open a recorded trace: scrub through it, hear it, go back, branch from it.",
        epilog=OPEN,
        formatter_class=_RAW,
    )
    opened.add_argument("trace", metavar="TRACE", help="a .jsonl file of `ivrsim call` or `run`")
    opened.add_argument("--filter", metavar="FILTER", help="show only the records that match")
    opened.add_argument(
        "--at", type=int, metavar="SEQ", help="begin at this record (1 is the first)"
    )
    opened.add_argument(
        "--against", metavar="TARGET",
        help="what a branch calls, with its options in quotes, where the trace's own is not here",
    )  # fmt: skip
    add_debug(opened)
    opened.set_defaults(command=_open)

    show = commands.add_parser(
        "show",
        help="print a recorded call",
        description="Print the records of a trace as `ivrsim call` does.",
        epilog=SHOW,
        formatter_class=_RAW,
    )
    show.add_argument("trace", metavar="TRACE")
    show.add_argument(
        "filter", nargs="?", metavar="FILTER", help="only those that match, in quotes for the shell"
    )
    show.add_argument(
        "--json", action="store_true", help="print the records as they stand in the file"
    )
    show.add_argument(
        "-v", "--verbose", action="store_true",
        help="print every record: timers and the like, too, which a filter also does",
    )  # fmt: skip
    add_debug(show)
    show.set_defaults(command=_show)

    replay = commands.add_parser(
        "replay",
        help="make a recorded call again, and say what differs",
        description="The recorded caller calls the application of today, in virtual time.",
        epilog=REPLAY,
        formatter_class=_RAW,
    )
    replay.add_argument("trace", metavar="TRACE")
    replay.add_argument("other", nargs="?", metavar="TRACE", help="compare with this one instead")
    replay.add_argument(
        "--against", metavar="TARGET",
        help="what to call, with its options in quotes (default: the trace's own target)",
    )  # fmt: skip
    replay.add_argument(
        "--ignore", action="append", default=[], metavar="FIELD",
        help="a name or JSON pointer that may differ; ids and times are known already",
    )  # fmt: skip
    replay.add_argument(
        "--tolerance", type=float, default=0.25, metavar="SECONDS",
        help="times may differ by so much (0.25)",
    )  # fmt: skip
    replay.add_argument("--first", action="store_true", help="stop at the first difference")
    replay.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="another reading"
    )
    replay.add_argument(
        "--assumptions", action="store_true",
        help="call once under each other reading of what decided something in this call",
    )  # fmt: skip
    replay.add_argument(
        "--secret", metavar="KEYS", help="the keys that the trace shows as •, in order"
    )
    replay.add_argument("--trace", dest="save", metavar="FILE", help="keep the new trace there")
    replay.add_argument("--json", action="store_true", help="the differences as JSON")
    replay.add_argument(
        "--allow", action="append", default=[], metavar="HOST", help="webhooks may go to HOST"
    )
    replay.add_argument("--insecure", action="store_true", help="do not verify TLS certificates")
    add_debug(replay)
    replay.set_defaults(command=_replay)

    imported = commands.add_parser(
        "import",
        help="make traces of what other tools have recorded",
        description="Make traces of HAR files, JSON Lines of webhook bodies, and request logs.",
        epilog=IMPORT,
        formatter_class=_RAW,
    )
    imported.add_argument("files", nargs="+", metavar="FILE")
    imported.add_argument(
        "-o", "--output", metavar="FOLDER", help="where the traces go (default: the history)"
    )
    imported.add_argument("--platform", metavar="NAME", help="vonage or 8x8, where none is told")
    add_debug(imported)
    imported.set_defaults(command=_import)

    export = commands.add_parser(
        "export",
        help="a recorded call for other tools and for people",
        description="Write a trace as HAR, Markdown, Mermaid sequence diagram, vCon, or masked.",
        epilog=EXPORT,
        formatter_class=_RAW,
    )
    export.add_argument("trace", metavar="TRACE")
    export.add_argument(
        "--format", required=True, choices=("har", "markdown", "mermaid", "vcon", "trace")
    )
    export.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    add_debug(export)
    export.set_defaults(command=_export)


def _open(options: argparse.Namespace) -> int:
    from ivrsim.cli.application import open_trace

    return open_trace(options)


def _show(options: argparse.Namespace) -> int:
    from ivrsim.cli.show import show

    return show(options)


def _replay(options: argparse.Namespace) -> int:
    from ivrsim.cli.replay import replay

    return replay(options)


def _import(options: argparse.Namespace) -> int:
    from ivrsim.cli.exchange import import_files

    return import_files(options)


def _export(options: argparse.Namespace) -> int:
    from ivrsim.cli.exchange import export

    return export(options)
