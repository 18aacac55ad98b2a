"""``ivrsim check``."""

from __future__ import annotations

from argparse import Namespace


def check(options: Namespace) -> int:
    """Print the findings of each file; 1 when there is an error."""
    from ivrsim.flows.check import check_file

    failing = {"error", "warning"} if options.strict else {"error"}
    failed = False
    for file in options.files:
        for finding in check_file(file):
            print(finding)
            failed = failed or finding.severity in failing
    return 1 if failed else 0
