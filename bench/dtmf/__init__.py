"""DTMF detection: ours, spandsp's and multimon-ng's on the same material. See ../README.md.

``python -m bench.dtmf`` prints every row; ``run`` gives the other benches' table what counts.
"""

from __future__ import annotations

from bench.timing import Row

TITLE = "DTMF detection"


def run(short: bool) -> list[Row]:
    """Rows passed, those where ours falls short, delay, talk-off, speed; seeds: held-out."""
    from bench.dtmf.report import DETECTORS, Options, sections

    lines = []
    for section in sections(Options(("held-out",), short, 0.1 if short else 2.0)):
        for line in section.brief:
            peers = zip(DETECTORS[1:], line.cells[1:], strict=True)
            beside = (f"{one.name}: {cell}" for one, cell in peers if cell != "–")
            against = "; ".join((line.limit, *beside))
            lines.append(Row(line.what, line.cells[0], against, line.met))
    lines += [Row(one.name, one.missing) for one in DETECTORS if one.missing]
    return lines
