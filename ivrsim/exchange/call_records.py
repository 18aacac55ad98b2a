"""The records of one imported call.

All are of the normal kinds and none is ``in``: they cannot be fed to the engine again. What a
webhook says is taken as it is; what follows from it alone has ``"basis": "inferred"``.
"""

from __future__ import annotations

from typing import Any, Final

from ivrsim.exchange.drafts import IMPORTED, INFERRED, Draft, Drafts, remark
from ivrsim.exchange.grouping import RETRIED, Group
from ivrsim.exchange.imported_captures import result_of, write_result
from ivrsim.exchange.imported_documents import Document, read_document
from ivrsim.exchange.imported_facts import CallFacts, facts_of
from ivrsim.exchange.imported_legs import Legs
from ivrsim.exchange.masking import is_secret
from ivrsim.exchange.playing import Playing
from ivrsim.exchange.recognise import VONAGE, Sighting
from ivrsim.trace.masking import MASK, mask_headers, mask_url
from ivrsim.trace.record import Record

LONG_MS: Final = 60_000
"""Call time without any webhook that is marked."""

# Their replies decide how the call goes on; those of other webhooks are of no consequence.
_MATTER: Final = frozenset({"answer", "fallback", "input", "notify", "VCA"})


class CallRecords:
    """Makes the records of ``group``; ``gaps`` counts what was found missing. ``timeless``: neither
    the log nor any webhook tells a time."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.facts: CallFacts = facts_of(group)
        self.started_ms = group.sightings[0].at_ms
        self.timeless = all(sighting.inferred for sighting in group.sightings)
        self.gaps = 0
        self.webhooks = len(group.sightings)
        self.urls: dict[str, str] = {}
        self._drafts = Drafts()
        self._legs = Legs(self._drafts, self.facts)
        self._playing = Playing(self._drafts, self.facts.caller)
        self._attempts: dict[str, int] = {}
        self._first_document: Draft | None = None
        self._ended = False
        self._silent = not any(
            s.captured.answer is not None or s.captured.failure is not None for s in group.sightings
        )

    def records(self) -> list[Record]:
        """All records, in order."""
        self._begin()
        before = 0
        for index, sighting in enumerate(self.group.sightings):
            t = sighting.at_ms - self.started_ms
            if t - before > LONG_MS:
                self._long(before, t)
            before = max(before, t)
            self._sighting(sighting, t, self.group.again.get(index))
        self._finish(before)
        return self._drafts.records()

    def _begin(self) -> None:
        facts = self.facts
        began = self._drafts.add(
            0,
            "call.started",
            {
                "platform": facts.platform,
                "direction": facts.direction,
                "from": facts.from_,
                "to": facts.to,
                "ids": facts.ids,
                "basis": IMPORTED,
            },
        )
        self._legs.begin(began)
        if self.group.skew_ms:
            seconds = self.group.skew_ms / 1000
            word = "ahead of" if seconds > 0 else "behind"
            message = (
                f"The log's clock is {abs(seconds):g} s {word} the platform's: what has only the "
                "log's time was moved by so much"
            )
            self._drafts.add(0, "diagnostic", remark("clock", "info", message), cause=began)
        self._missing_beginning(began)

    def _missing_beginning(self, began: Draft) -> None:
        sightings = self.group.sightings
        if self.timeless:
            self._gap(
                0, "no-times",
                "Nothing tells when this was: the order is the log's, the day is the file's",
                began,
            )  # fmt: skip
        if self._silent:
            self._gap(
                0, "no-replies",
                "The log holds no replies of the application: what the caller heard is not known",
                began,
            )  # fmt: skip
        if self.group.platform == VONAGE:
            if not any(s.purpose in ("answer", "fallback") for s in sightings):
                inline = " or the call was made with an NCCO in the request"
                why = inline if self.facts.direction == "outbound" else ""
                self._gap(
                    0, "no-answer-webhook",
                    f"The answer webhook is not in the log{why}: the first NCCO is not known",
                    began,
                )  # fmt: skip
        elif self.facts.direction == "inbound" and not any(
            s.title == "VCA CALL_RECEIVED" for s in sightings
        ):
            self._gap(
                0, "no-call-received",
                "VCA CALL_RECEIVED is not in the log: the first callflow is not known", began,
            )  # fmt: skip
        elif self.facts.direction == "outbound":
            message = "The callflow that began this call was sent to the API: it is not in the log"
            self._drafts.add(0, "diagnostic", remark("no-callflow", "info", message), cause=began)

    def _gap(self, t: int, code: str, message: str, cause: Draft | None) -> None:
        self.gaps += 1
        self._drafts.gap(t, code, message, cause)

    def _long(self, before: int, t: int) -> None:
        self.gaps += 1
        text = f"{(t - before) / 1000:.0f} s without a webhook"
        self._drafts.add(before, "mark", {"text": text, "basis": IMPORTED}, last=True)

    def _sighting(self, sighting: Sighting, t: int, again: str | None) -> None:
        leg = sighting.leg or self.facts.caller
        cause = None
        if again is None:
            cause = self._legs.before(sighting, t)
            result = result_of(sighting, self._playing.step)
            if result is not None:
                self._playing.until(t)
                cause = write_result(self._drafts, result, t, leg, self._playing.step)
            elif self._stops(sighting):
                self._playing.until(t)
        request = self._request(sighting, t, again, leg, cause)
        if again == "duplicate":
            where = sighting.captured.place
            text = remark("duplicate", "info", f"{sighting.title} was delivered twice ({where})")
            self._drafts.add(t, "diagnostic", text, cause=request)
        document = self._reply(sighting, t, request, again)
        if again is None and document is None and self._goes_on(sighting):
            self._playing.go_on(t)
        if again is None:
            ended = self._legs.after(sighting, t, request)
            if ended is not None:
                self._end(ended, t, t + (sighting.captured.elapsed_ms or 0), request)

    def _stops(self, sighting: Sighting) -> bool:
        """Whether the webhook tells that what the document did until now is over."""
        step = self._playing.step
        if sighting.purpose in ("VCA", "fallback"):
            return True
        if sighting.purpose == "record":
            return step is not None and step.action == "record"
        return step is not None and step.dials and self._legs.party_is_over(sighting)

    def _goes_on(self, sighting: Sighting) -> bool:
        answer = sighting.captured.answer
        if self.group.platform != VONAGE:
            return False
        if sighting.purpose == "input":
            return answer is not None and answer.body is not None
        return self._stops(sighting)

    def _request(
        self, sighting: Sighting, t: int, again: str | None, leg: str | None, cause: Draft | None
    ) -> Draft:
        captured = sighting.captured
        name = self._drafts.new_id("w")
        attempt = 1
        if again == "retry":
            attempt = self._attempts[sighting.title] = self._attempts.get(sighting.title, 1) + 1
        url = None if captured.url is None else mask_url(captured.url)
        if url is not None:
            self.urls.setdefault(sighting.purpose, url.partition("?")[0])
        data = {
            "webhook": name,
            "purpose": sighting.purpose,
            "title": sighting.title + (", delivered again" if again == "duplicate" else ""),
            "role": "retry" if again == "retry" else
                    "fallback" if sighting.purpose == "fallback" else "main",
            "attempt": attempt,
            "method": captured.method,
            "url": url,
            "headers": mask_headers(captured.headers),
            "query": _masked(captured.query),
            "body": captured.body,
            "sent": True,
            "why_not": None,
            "connect_ms": None,
            "read_ms": None,
            "basis": INFERRED if sighting.inferred else IMPORTED,
            "place": str(captured.place),
        }  # fmt: skip
        if captured.note:
            data["note"] = captured.note
        return self._drafts.add(t, "webhook.request", data, leg, cause)

    def _reply(
        self, sighting: Sighting, t: int, request: Draft, again: str | None
    ) -> Document | None:
        captured, answer = sighting.captured, sighting.captured.answer
        webhook = request.data["webhook"]
        at = t + (captured.elapsed_ms or 0)
        if captured.failure is not None:
            reason, phase, message = captured.failure
            data = {
                "webhook": webhook, "reason": reason, "phase": phase, "message": message,
                "elapsed_ms": captured.elapsed_ms, "basis": IMPORTED,
            }  # fmt: skip
            self._drafts.add(at, "webhook.failed", data, None, request)
            return None
        if answer is None:
            if sighting.purpose in _MATTER and not self._silent and again != "duplicate":
                self._gap(
                    t, "no-reply",
                    f"The application's reply to {sighting.title} is not in the log", request,
                )  # fmt: skip
            return None
        body = answer.body or ""
        response = self._drafts.add(
            at,
            "webhook.response",
            {
                "webhook": webhook,
                "status": 200 if answer.status is None else answer.status,
                "headers": mask_headers(answer.headers or {}),
                "body": body,
                "encoding": answer.encoding,
                "size": len(body.encode("utf-8", "replace")),
                "elapsed_ms": captured.elapsed_ms,
                "page": None,
                "secret": False,
                "ignored": False,
                "basis": IMPORTED if answer.status is not None else INFERRED,
            },
            None,
            request,
        )
        if again == "duplicate":
            return None  # the platform has taken the first reply
        if answer.body is None and sighting.purpose in _MATTER:
            self._gap(
                at, "no-reply-body",
                f"What the application replied to {sighting.title} is not in the log", response,
            )  # fmt: skip
        return self._document(sighting, at, response)

    def _document(self, sighting: Sighting, at: int, response: Draft) -> Document | None:
        answer = sighting.captured.answer
        if answer is None or (answer.status in RETRIED and sighting.purpose not in _MATTER):
            return None
        document, remarks = read_document(
            self.group.platform, sighting.purpose, answer, self._legs.count
        )
        for diagnostic in remarks:
            data = {**diagnostic.to_json(), "document": None}
            self._drafts.add(at, "diagnostic", data, None, response)
        if document is None:
            return None
        name = self._drafts.new_id("d")
        origins = {"answer": "answer", "fallback": "fallback"}
        received = self._drafts.add(
            at,
            "document.received",
            {
                "document": name,
                "origin": origins.get(sighting.purpose, "reply"),
                "page": None,
                "body": document.body,
                "actions": document.listing,
                "basis": IMPORTED,
            },
            self.facts.caller,
            response,
        )
        for diagnostic in document.diagnostics:
            data = {**diagnostic.to_json(), "document": name}
            self._drafts.add(at, "diagnostic", data, None, received)
        self._playing.until(at)
        self._playing.start(document, name, at, received)
        self._first_document = self._first_document or received
        return document

    def _end(self, ended: dict[str, Any], t: int, at: int, cause: Draft) -> None:
        if self._ended:
            return
        self._ended = True
        self._playing.until(t, at_end=True)
        answers = [s for s in self.group.sightings if s.purpose in ("answer", "fallback", "VCA")]
        last = answers[-1].captured if answers else None
        failed = last is not None and (
            last.failure is not None
            or (last.answer is not None and (last.answer.status or 200) >= 400)
        )
        data = {
            "status": ended["status"],
            "by": ended.get("by"),
            "failed": failed or ended["status"] == "ERROR",
            "why": ended.get("why"),
            "duration_ms": t,
            "basis": IMPORTED,
        }
        self._drafts.add(at, "call.ended", data, None, cause, last=True)

    def _finish(self, last: int) -> None:
        document = self._first_document
        if document is not None:
            self._legs.surely_answered(document.t, document)
        if self._ended:
            return
        self._playing.until(last, at_end=True)
        word = "completed event" if self.group.platform == VONAGE else "VSS"
        self._gap(
            last, "no-end",
            f"The log ends before the call does: there is no {word}, how it ended is not known",
            None,
        )  # fmt: skip


def _masked(query: dict[str, Any] | None) -> dict[str, Any] | None:
    """``query`` without the secrets that are masked in its URL, too."""
    if query is None:
        return None
    return {name: MASK if is_secret(name) and value else value for name, value in query.items()}


def header_setup(calls: CallRecords, started_at: str) -> dict[str, Any]:
    """``setup`` of the header. ``imported`` is no field of a CallSetup: such a call cannot be
    placed again from its trace."""
    facts = calls.facts
    if facts.platform == VONAGE:
        urls = {name: calls.urls.get(name) for name in ("answer", "event", "fallback")}
    else:
        urls = {name.lower(): calls.urls.get(name) for name in ("VCA", "VSS", "VCS")}
    answers = [s.captured.method for s in calls.group.sightings if s.purpose == "answer"]
    return {
        "imported": True,
        "platform": facts.platform,
        "direction": facts.direction,
        "caller": facts.from_,
        "callee": facts.to,
        "started_at": started_at,
        "urls": urls,
        "answer_method": answers[0] if answers else "GET",
    }
