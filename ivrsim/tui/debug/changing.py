"""Changing what happens: edits of what is held, faults, webhooks sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivrsim.errors import IvrsimError
from ivrsim.tui.debug.here import Here
from ivrsim.tui.debug.protocol import Draft, Stoppable
from ivrsim.tui.keymap import ALL
from ivrsim.tui.keys import keys_of


class Changing(Here):
    def action_edit_draft(self) -> None:
        from ivrsim.runtime.stopping import RequestDraft
        from ivrsim.tui.debug.editor import Editor

        live, drafts = self.live, self.workshop.drafts
        draft = self.held_draft()
        if live is None or drafts is None or live.stopped is None:
            self.say("Only a call that stands still can be edited: set a breakpoint, or pause it")
        elif draft is None:
            self.say("No request and no reply is held here: F11 goes on to the next webhook")
        elif isinstance(draft, RequestDraft) and draft.secret:
            self.say("It holds digits of a secret capture: it cannot be edited", "warning")
        else:
            self.app.push_screen(
                Editor(
                    drafts,
                    draft,
                    lambda made, diff: self._use(live, made, diff),
                    platform=self.placed.platform,
                    settings=self.settings(),
                ),
                lambda made: self.redraw(),
            )

    def held_draft(self) -> Draft | None:
        """What can be edited now: the reply that is held, or the request."""
        live = self.live
        if live is None or live.stopped is None:
            return None
        reply = live.reply_draft()
        if reply is not None:
            return reply
        requests = live.request_drafts()
        about = live.stopped.webhook
        return next(
            (draft for draft in requests if draft.webhook == about),
            requests[0] if requests else None,
        )

    def reply_held(self) -> tuple[str, str] | None:
        """The webhook whose reply is held, and what there is to say of it."""
        if self.live is None or self.live.stopped is None:
            return None
        from ivrsim.runtime.stopping import ReplyDraft

        draft = self.held_draft()
        if not isinstance(draft, ReplyDraft):
            return None
        key = keys_of(self).shown(ALL["edit_draft"])
        if draft.failure is not None:
            return draft.webhook, f"No reply came: {draft.failure}. {key} gives one all the same."
        return draft.webhook, f"The reply has come, and is not used yet: {key} shows and edits it."

    def settings(self) -> Mapping[str, str]:
        """The settings that the call was made with."""
        return self.call.header.settings

    def _use(self, live: Stoppable, made: Draft, diff: str) -> None:
        from ivrsim.runtime.stopping import ReplyDraft

        if isinstance(made, ReplyDraft):
            live.edit_reply(made, diff)
        else:
            live.edit_request(made, diff)

    def action_faults(self) -> None:
        shop, live = self.workshop, self.live
        if live is None:
            self.say("The call is over: R calls again, F3 goes on from a record of it")
        elif shop.fault is None:
            self.missing("A fault")
        else:
            from ivrsim.tui.debug.faults import FaultsScreen

            self.app.push_screen(FaultsScreen(shop.faults, shop.fault, self.call), self._inject)

    def _inject(self, rule: Any) -> None:
        live = self.live
        if rule is None or live is None:
            return
        try:
            live.inject(rule)
        except IvrsimError as error:
            self.complain(error)
        else:
            self.say(f"Waits for its turn: {rule}")

    def action_resend(self) -> None:
        shop = self.workshop
        record = self.record_of(self.trace.selected or self.at)
        pair = self.pairs.of(record) if record is not None else None
        request = self.record_of(pair.request) if pair is not None and pair.request else None
        if request is None:
            self.say("Select a webhook in the trace first")
        elif shop.resend is None or shop.request is None or shop.drafts is None:
            self.missing("Sending a webhook again")
        else:
            try:
                draft = shop.request(request)
            except IvrsimError as error:
                self.complain(error)
                return
            from ivrsim.tui.debug.resend import ResendScreen

            reply = self.record_of(pair.reply) if pair is not None and pair.reply else None
            self.app.push_screen(ResendScreen(shop, self.placed, draft, reply))
