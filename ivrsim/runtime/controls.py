"""What faces can see of a call and do to it: keys, words, buttons, and standing still."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.engine.session import Session
from ivrsim.errors import InputError
from ivrsim.runtime.allow import web_url
from ivrsim.runtime.caller import utterance
from ivrsim.runtime.resend import Resent, resent_event, send_again
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft, Stop
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_curl import curl_command

if TYPE_CHECKING:
    from ivrsim.runtime.clock import Clock
    from ivrsim.runtime.faults import FaultRule
    from ivrsim.runtime.hands import Hands
    from ivrsim.runtime.handset import Handset
    from ivrsim.runtime.plan import CallPlan
    from ivrsim.runtime.still import Still

Subscriber = Callable[[Sequence[Record]], None]


class Controls:
    """The base of ``LiveCall``, which makes the call."""

    records: list[Record]
    _plan: CallPlan
    _hands: Hands
    _clock: Clock
    _still: Still
    _ready: deque[ev.Event]
    _subscribers: list[Subscriber]
    _wake: asyncio.Event | None
    _over: bool
    _feeding: bool
    _api_count: int
    _speaks_until: int

    @cached_property
    def _session(self) -> Session:
        """Made when the call begins: the platform's models take a while to import, and a screen
        can be there before."""
        return Session(self._plan.platform(), self._plan.setup)

    def happen(self, event: ev.Event, *, first: bool = False) -> None:
        """Something from outside happens now; ``first``: before what waits for its turn."""
        raise NotImplementedError

    def schedule(self, t: int, event: ev.Event, key: str | None = None) -> None:
        """Put an event down for call time ``t``."""
        raise NotImplementedError

    def nudge(self) -> None:
        """Look again at what is to be done."""
        raise NotImplementedError

    def _stand_still(self, stop: Stop) -> None:
        raise NotImplementedError

    def _look_again(self) -> None:
        raise NotImplementedError

    def _work_off(self, todo: Sequence[cmd.Command | ev.Event]) -> None:
        raise NotImplementedError

    def _request_of(self, webhook: str) -> Record | None:
        raise NotImplementedError

    # ------------------------------------------------------------------ for faces

    @property
    def ended(self) -> bool:
        """The last record has been written."""
        return self._wake is not None and self._session.ended

    @property
    def now_ms(self) -> int:
        """The running clock of the call, in milliseconds."""
        if self._wake is None:
            return 0
        if self._session.ended or self._clock.virtual:
            return self._session.t
        return max(self._session.t, self._clock.now())

    @property
    def caller_leg(self) -> str:
        """The leg of the person at the keypad, empty before there is one."""
        return self._session.caller_leg

    @property
    def secret(self) -> bool:
        """The application asks for something secret: what the caller does is not kept."""
        return self._session.keys.secret

    @property
    def handset(self) -> Handset | None:
        """The sound of a call in real time; None before it begins, and in virtual time."""
        return self._hands.handset

    @property
    def levels(self) -> tuple[float, float]:
        """How loud loudspeakers and microphone are now, 0 to 1."""
        return (0.0, 0.0) if self.handset is None else self.handset.levels

    @property
    def hearing(self) -> str | None:
        """The key whose tone the microphone hears now."""
        return None if self.handset is None else self.handset.hearing

    @property
    def speakers(self) -> str | None:
        """The name of the loudspeakers in use; None: silent."""
        return None if self.handset is None else self.handset.speakers

    @property
    def microphone(self) -> str | None:
        """The name of the microphone in use; None: off, or there is none."""
        return None if self.handset is None else self.handset.microphone

    @property
    def microphone_muted(self) -> bool:
        return self.handset is not None and self.handset.microphone_muted

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """``callback(records)`` after each step, once its records are on disk."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def press(self, digit: str, source: str = "keypad") -> None:
        """Press a key now. When this returns, a prompt that it cuts has been stopped."""
        if digit not in "0123456789*#ABCD" or len(digit) != 1:
            raise InputError(f"{digit!r} is not a key of a telephone: expected 0-9 * # A-D")
        self.happen(ev.DigitPressed(digit, source))

    def say(self, text: str) -> None:
        """The caller says ``text``, which takes as long as it would. InputError: no words."""
        if not text.strip():
            raise InputError("nothing to say: expected words")
        if self._wake is None or self.ended:
            return
        begins = max(self.now_ms, self._speaks_until)  # one sentence after the other
        spoken = utterance(text.strip(), self.caller_leg, begins, "typed")
        self._speaks_until = spoken[-1][0]
        for t, event in spoken:
            if t <= self.now_ms:
                self.happen(event)
            else:
                self.schedule(t, event)

    def hang_up(self) -> None:
        """The person at the keypad puts the receiver down; a call that stands still goes on."""
        stopped = self.stopped is not None
        self.go_on()
        # First of all: else it would wait at a breakpoint on what was held.
        self._api("hangup", "button", first=stopped)

    def skip_prompt(self) -> bool:
        """End the prompt that plays, as if it had been heard. False when nothing plays."""
        prompt = self._hands.playing
        if prompt is None or self.ended:
            return False
        self.happen(ev.PromptEnded(prompt, skipped=True))
        return True

    def party(self, leg: str, what: str) -> None:
        """The other telephone, by hand: answer, busy, reject or hang_up."""
        self._hands.parties.act(leg, what, self.now_ms)

    def mark(self, text: str) -> None:
        """Put a bookmark into the trace."""
        self.happen(ev.Marked(text))

    def inject(self, rule: FaultRule) -> None:
        """Let something go wrong: ``rule`` holds for the webhooks and telephones that follow.

        Raises InputError when its filter is none.
        """
        self._plan.faults.add(rule)

    def mute(self, on: bool) -> None:
        """Loudspeakers off or on."""
        if self.handset is not None:
            self.handset.mute(on)

    def mute_microphone(self, on: bool) -> None:
        """Hear nothing, or again something."""
        if self.handset is not None:
            self.handset.mute_microphone(on)

    def devices(self, kind: str) -> list[str]:
        """The names of the ``speakers`` or ``microphone`` devices of this machine."""
        return [] if self.handset is None else self.handset.devices(kind)

    def use_device(self, kind: str, name: str | None) -> None:
        """Use another device from now on, None for none; what comes of it is noticed."""
        if self.handset is not None:
            self.handset.use_device(kind, name)

    def command_line(self, keys: str | None = None) -> str:
        """This call as a command line with ``keys``, by default those pressed so far."""
        return self._plan.describe(self._pressed() if keys is None else keys)

    def curl(self, webhook: str) -> str:
        """The webhook of that id as a curl command. Raises KeyError when there is none."""
        for record in self.records:
            if record.kind == "webhook.request" and record.data["webhook"] == webhook:
                return curl_command(record)
        raise KeyError(webhook)

    def _pressed(self) -> str:
        view = CallView()
        for record in self.records:
            view.apply(record)
        return view.keys()

    # ------------------------------------------------------------------ standing still

    @property
    def plan(self) -> CallPlan:
        """What the call was made of."""
        return self._plan

    @property
    def debugger(self) -> Any:
        """The watcher that says where the call stops, or None."""
        return self._still.watcher

    @property
    def stopped(self) -> Stop | None:
        """Why the call stands still; None while it goes on, and when it is over."""
        return None if self.ended else self._still.stop

    @property
    def held(self) -> int:
        """How many keys, words and the like wait for the call to go on."""
        return len(self._still.acts)

    def pause(self) -> None:
        """Stand still now."""
        if self._wake is not None and not self.ended and self._still.stop is None:
            self._stand_still(Stop("pause", "paused", len(self.records)))

    def go_on(self) -> None:
        """Do what was held, and go on; harmless when nothing stands still."""
        if self._still.stop is None or self._over or self._wake is None:
            return
        reply, todo = self._still.release()
        self._clock.go_on()
        if self._hands.handset is not None:
            self._hands.handset.resume()
        if reply is not None:
            self._ready.appendleft(reply)  # its turn has come; what came meanwhile is behind it
        self._work_off(todo)
        self._look_again()

    def request_drafts(self) -> list[RequestDraft]:
        """The webhooks that are about to go out, while the call stands still."""
        return self._still.request_drafts(self._request_of)

    def reply_draft(self) -> ReplyDraft | None:
        """The reply that is about to be used, while the call stands still; None: there is none."""
        reply = self._still.reply
        return None if reply is None else self._still.reply_draft(self._request_of(reply.webhook))

    def edit_request(self, draft: RequestDraft, diff: str = "") -> None:
        """Send ``draft`` in place of what is held. Raises InputError, HostNotAllowed."""
        drafts = self.request_drafts()
        self.happen(self._still.change_request(draft, drafts, self._plan.policy, diff))
        self._look_again()

    def edit_reply(self, draft: ReplyDraft, diff: str = "") -> None:
        """Use ``draft`` in place of the reply that is held. Raises InputError."""
        self.happen(self._still.change_reply(draft, diff))
        self._look_again()

    async def resend(self, draft: RequestDraft, *, edited: bool = False) -> Resent:
        """Send a webhook once more, as it was or edited. The call takes no notice of the reply;
        its trace does, while the call goes on. Raises HostNotAllowed or InvalidUrl."""
        plan = self._plan
        plan.policy.check(web_url(draft.url))
        what = await send_again(
            draft,
            policy=plan.policy,
            headers=plan.headers,
            authorize=plan.authorize,
            insecure=plan.insecure,
        )
        self.happen(resent_event(draft, edited, what))
        return what

    def leave(self, branch: str) -> None:
        """Go no further: the call goes on in another trace, and nobody is told of an end here."""
        if self._wake is None or self.ended or self._over:
            return
        self._still.watcher = None
        self._still.release()
        self._ready.clear()
        self.happen(ev.CallLeft(branch), first=True)
        self.nudge()

    def _api(self, op: str, source: str, *, first: bool = False) -> None:
        self._api_count += 1
        self.happen(ev.ApiCommand(f"{source}-{self._api_count}", op, {}, source), first=first)
