"""Every command in the command palette, with its key."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from ivrsim.tui.keymap import EVERYWHERE, Command
from ivrsim.tui.keys import keys_of


class Commands(Provider):
    """The commands of the screen below the palette, and those that are everywhere."""

    def _commands(self) -> Iterator[tuple[str, partial[Any]]]:
        everywhere = (c for c in EVERYWHERE if c.id != "command_palette")
        here: tuple[Command, ...] = getattr(self.screen, "COMMANDS_HERE", ())
        debug: tuple[Command, ...] = getattr(self.screen, "DEBUG_HERE", ())
        keys = keys_of(self.screen)
        for command in (*here, *debug, *everywhere):
            run = partial(run_command, self.screen, command.id)
            key = keys.shown(command)
            yield f"{command.about}  ·  {key}" if key else command.about, run

    async def discover(self) -> Hits:
        for text, run in self._commands():
            yield DiscoveryHit(Content(text), run, text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, run in self._commands():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, Content(text), run, text)


async def run_command(screen: Screen[Any], command: str) -> None:
    """Run a command of ``keymap`` on a screen, or on its application."""
    if hasattr(screen, f"action_{command}"):
        await screen.run_action(command)
    else:
        await screen.app.run_action(command)
