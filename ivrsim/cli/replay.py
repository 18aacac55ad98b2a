"""``ivrsim replay``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ivrsim.errors import InputError
from ivrsim.trace.view_text import one_line_of

if TYPE_CHECKING:
    from ivrsim.replay.again import Against, How
    from ivrsim.replay.assumptions import Assumption
    from ivrsim.replay.difference import Comparison, Difference


def replay(options: Namespace) -> int:
    """Make a recorded call again, or compare two of them: 1 where they differ."""
    _check(options)
    if options.other is not None:
        from ivrsim.replay.compare import compare

        comparison = compare(
            options.trace,
            options.other,
            ignore=options.ignore,
            tolerance_ms=round(options.tolerance * 1000),
        )
        return _tell(options, comparison, options.other)
    # What an application prints must not get between the lines of the report.
    with contextlib.redirect_stdout(sys.stderr):
        if options.assumptions:
            from ivrsim.replay.assumptions import assume

            found = asyncio.run(
                assume(
                    options.trace,
                    _how(options),
                    ignore=options.ignore,
                    tolerance_ms=round(options.tolerance * 1000),
                )
            )
        else:
            from ivrsim.replay.run import replay as make_again

            replayed = asyncio.run(
                make_again(
                    options.trace,
                    _how(options),
                    ignore=options.ignore,
                    tolerance_ms=round(options.tolerance * 1000),
                    first=options.first,
                )
            )
    if options.assumptions:
        for note in found.notes:
            _remark(note)
        return _tell_assumptions(options, found.assumptions, found.failed)
    return _tell(options, replayed.comparison, replayed.target)


def _check(options: Namespace) -> None:
    calls_nobody = options.other is not None
    for name in ("against", "save", "assumptions", "set", "secret", "allow", "insecure", "first"):
        given = getattr(options, name)
        if calls_nobody and given:
            option = {"save": "trace"}.get(name, name)
            raise InputError(f"--{option}: two traces are compared, and nobody is called")
    if not 0 <= options.tolerance <= 3600:
        raise InputError(
            f"--tolerance: expected seconds from 0 to 3600, found {options.tolerance:g}"
        )
    if options.assumptions and options.save:
        raise InputError("--trace: with --assumptions several calls are made, and none is kept")
    if options.assumptions and options.first:
        raise InputError("--first: with --assumptions each call is made to its end")


def _how(options: Namespace) -> How:
    from ivrsim.cli.options import settings_of
    from ivrsim.replay.again import How

    return How(
        against=None if options.against is None else _against(options.against),
        settings=settings_of(options.set),
        secret=options.secret or "",
        allow=tuple(options.allow),
        insecure=options.insecure,
        save=None if options.save is None else Path(options.save),
    )


def _against(line: str) -> Against:
    from ivrsim.cli.application import parse_line

    try:
        return parse_line(line)
    except InputError as error:
        raise InputError(f"--against: {error}") from None


# ---------------------------------------------------------------------- what is printed


def _remark(line: str) -> None:
    print(f"ivrsim: note: {one_line_of(line, 1000)}", file=sys.stderr)


def _tell(options: Namespace, comparison: Comparison, name: str) -> int:
    for note in comparison.notes:
        _remark(note)
    if options.json:
        print(json.dumps(comparison.to_json(), ensure_ascii=False, indent=2, default=str))
    elif comparison.same:
        print(f"no difference: {one_line_of(options.trace)} · {one_line_of(name)}")
    else:
        print(f"{_counted(comparison)}: {one_line_of(options.trace)} → {one_line_of(name)}")
        for difference in comparison.differences:
            print(_line(difference))
    return 0 if comparison.same else 1


def _counted(comparison: Comparison) -> str:
    number = len(comparison.differences)
    kinds = ", ".join(f"{count} {kind}" for kind, count in comparison.counts.items())
    return f"{number} difference{'' if number == 1 else 's'} ({kinds})"


def _line(difference: Difference) -> str:
    old, new = _at(difference.old_t, difference.old_seq), _at(difference.new_t, difference.new_seq)
    more = f" (and {difference.follows} more that follow)" if difference.follows else ""
    return f"{old} → {new}  {difference.kind:7}  {difference.text}{more}"


def _at(t: int | None, seq: int | None) -> str:
    if t is None or seq is None:
        return f"{'–':^15}"
    return f"{t / 1000:8.2f} {f'#{seq}':<6}"


# ---------------------------------------------------------------------- assumptions


def _tell_assumptions(options: Namespace, found: tuple[Assumption, ...], failed: bool) -> int:
    if options.json:
        data = {
            "survives": not failed,
            "assumptions": [assumption.to_json() for assumption in found],
        }
        print(json.dumps(data, ensure_ascii=False, indent=2, default=str))
        return 1 if failed else 0
    if not found:
        print("no setting has decided anything in this call")
        return 0
    for assumption in found:
        print(f"{assumption.name} = {_value(assumption.value)}   {assumption.basis}")
        print(f"    {one_line_of(assumption.why)} · {assumption.page}")
        for outcome in assumption.outcomes:
            print(f"    = {_value(outcome.value)}: {one_line_of(outcome.text, 300)}")
        if not assumption.choices:
            print("    any number will do: no other value was tried")
        print()
    changed = sum(o.changed for a in found for o in a.outcomes)
    tried = sum(len(a.outcomes) for a in found)
    if failed:
        print("the flow does not survive every reading: the call fails under another one")
    elif changed:
        readings = "reading" if changed == 1 else "readings"
        print(
            f"the flow survives all {tried} other readings, and takes another course under "
            f"{changed} {readings}"
        )
    else:
        print(f"the flow survives all {tried} other readings, unchanged")
    return 1 if failed else 0


def _value(value: str) -> str:
    return one_line_of(value) or '""'
