"""What a caller probably heard of a document, between two webhooks.

The log tells when a document came and when the next webhook did. In between prompts are laid one
after another by their estimated length; what would begin after the next webhook is left out.
Everything here is marked as inferred.
"""

from __future__ import annotations

from ivrsim.exchange.drafts import IMPORTED, INFERRED, Draft, Drafts
from ivrsim.exchange.imported_documents import Document, Step

_NOTE = "imported: the text is known from the document, when it was heard is estimated"


class Playing:
    """The document that runs; ``step`` is the one that waits for a webhook, or None."""

    def __init__(self, drafts: Drafts, leg: str | None) -> None:
        self._drafts = drafts
        self._leg = leg
        self._document: Document | None = None
        self._name = ""
        self._cause: Draft | None = None
        self._next = 0
        self._since = 0
        self.step: Step | None = None

    def start(self, document: Document, name: str, t: int, cause: Draft) -> None:
        """A new document replaces the one that runs; call ``until`` first."""
        self._document, self._name, self._cause = document, name, cause
        self._next, self._since = 0, t
        self.step = self._waiting(0)

    def go_on(self, t: int) -> None:
        """The webhook that the running step waited for was answered without a document."""
        if self.step is not None:
            self._since = t
            self.step = self._waiting(self._next)

    def _waiting(self, index: int) -> Step | None:
        steps = self._document.steps if self._document else []
        return next((s for s in steps[index:] if s.does == "stops" or s.captures), None)

    def until(self, t: int, at_end: bool = False) -> None:
        """Everything that began before ``t``, where something else is known to have happened."""
        steps = self._document.steps if self._document else []
        cursor = self._since
        while self._next < len(steps):
            step = steps[self._next]
            if cursor > t or (cursor == t and step.does == "prompt" and at_end):
                self._next = len(steps) if at_end else self._next
                if not at_end:
                    self._pass_by()
                break
            self._next += 1
            waits = step.does == "stops" or (step.does == "prompt" and step.captures)
            started = self._record("action.started", cursor, step, summary=step.summary)
            if step.does == "prompt":
                cursor = self._prompt(step, cursor, t, started)
            if waits:
                if not at_end:
                    self._record("action.finished", t, step, outcome="done")
                break
            self._record("action.finished", min(cursor, t), step, outcome="done")
        self._since = t

    def _pass_by(self) -> None:
        """The webhook came sooner than the prompts should have ended: the step was reached."""
        steps = self._document.steps if self._document else []
        while self._next < len(steps):
            step = steps[self._next]
            self._next += 1
            if step is self.step:
                break

    def _record(self, kind: str, t: int, step: Step, **more: str) -> Draft:
        data = {
            "document": self._name,
            "pointer": step.pointer,
            "action": step.action,
            **more,
            "basis": INFERRED,
        }
        return self._drafts.add(t, kind, data, self._leg, self._cause)

    def _prompt(self, step: Step, begin: int, limit: int, cause: Draft) -> int:
        """One prompt; when it has ended at the latest."""
        if step.text is None and step.url is None:
            return begin  # broken SSML: nothing is spoken
        name = self._drafts.new_id("p")
        end = limit if step.loop == 0 else begin + (step.ms or 0)
        known = step.loop != 0 and step.ms is not None
        started = self._drafts.add(
            begin,
            "prompt.started",
            {
                "prompt": name,
                "duration_ms": step.ms if known else None,
                "basis": "estimated" if known else IMPORTED,
                "text": step.text,
                "url": step.url,
                "tone": None,
                "ssml": step.ssml,
                "loop": step.loop,
                "interruptible": step.interruptible,
                "purpose": "prompt",
                "note": _NOTE if known else "imported: how long it was heard is not known",
            },
            None,
            cause,
        )
        end = min(end, limit)
        self._drafts.add(
            end,
            "prompt.finished",
            {"prompt": name, "skipped": False, "basis": INFERRED},
            None,
            started,
        )
        return end
