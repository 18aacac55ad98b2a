"""Which call came from which: the branches of a call as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ivrsim.errors import TraceError
from ivrsim.trace.reader import read_header
from ivrsim.trace.record import Header


@dataclass(slots=True)
class Node:
    """One trace of a tree. ``seq`` and ``t`` are where it leaves its parent (None: a root, whose
    parent is not known or gone); ``replies`` is recorded or asked again."""

    path: Path
    title: str
    started_at: str
    seq: int | None = None
    t: int | None = None
    replies: str = ""
    parent: str | None = None
    children: list[Node] = field(default_factory=list)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """This node and those below it, each with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


@dataclass(frozen=True, slots=True)
class BranchTree:
    """``root`` is the call that all come from, ``here`` the one asked for."""

    root: Node
    here: Node

    def rows(self) -> list[tuple[int, Node]]:
        """All calls with their depth, as they are drawn."""
        return list(self.root.walk())


def tree_of(path: Path) -> BranchTree:
    """The tree that the trace at ``path`` belongs to.

    Looked for in the folder of the trace, and in those of its ancestors; of each file only the
    header is read. Raises TraceError when ``path`` is no trace.
    """
    path = path.absolute()
    nodes: dict[Path, Node] = {}
    here = nodes[path] = _node(path, read_header(path))
    folders = [path.parent]
    at = here
    while at.parent is not None:
        above = (at.path.parent / at.parent).absolute()
        if above in nodes:
            break  # a file that was copied over its own parent
        header = _header(above)
        if header is None:
            break
        at = nodes[above] = _node(above, header)
        folders.append(above.parent)
    root = at
    for folder in dict.fromkeys(folders):
        for file in sorted(folder.glob("*.jsonl")):
            if file not in nodes and (header := _header(file)) is not None and header.parent:
                nodes[file] = _node(file, header)
    for node in nodes.values():
        if node.parent is not None and node is not root:
            above = (node.path.parent / node.parent).absolute()
            if above in nodes:
                nodes[above].children.append(node)
    for node in nodes.values():
        node.children.sort(key=lambda child: (child.seq or 0, child.path.stat().st_mtime_ns))
    return BranchTree(root, here)


def _header(path: Path) -> Header | None:
    try:
        return read_header(path)
    except TraceError:
        return None  # no trace, or gone meanwhile: it is in no tree


def _node(path: Path, header: Header) -> Node:
    parent = header.parent or {}
    name, seq, t = parent.get("trace"), parent.get("seq"), parent.get("t")
    return Node(
        path,
        header.target,
        header.started_at,
        seq if isinstance(seq, int) else None,
        t if isinstance(t, int) else None,
        str(parent.get("replies", "")),
        name if isinstance(name, str) else None,
    )
