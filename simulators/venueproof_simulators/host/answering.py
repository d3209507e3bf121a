"""What becomes of a request or a frame: rules, the venue, rules again, latency; and the journal's rows of it all."""

from __future__ import annotations

import asyncio
import itertools
import urllib.parse
from collections.abc import Callable

import msgspec
from websockets.frames import Close

from venueproof_simulators.host.agenda import Agenda
from venueproof_simulators.host.delivery import Delivery, as_text
from venueproof_simulators.host.driver import ENGINE_AWAY, Driver, Send
from venueproof_simulators.host.journal import Journal, RowKind
from venueproof_simulators.host.outcomes import Fate, Outcome
from venueproof_simulators.host.refusing import Refusing
from venueproof_simulators.host.rulebook import Installed, Rulebook
from venueproof_simulators.host.rules import (
    Answer,
    AnswerVenueError,
    Delay,
    Direction,
    Drop,
    LoseReply,
    LoseRequest,
    Rewrite,
    Truncate,
    fate_text,
    rule_name,
)
from venueproof_simulators.host.rules import Fate as AnyFate
from venueproof_simulators.host.session import Session
from venueproof_simulators.host.timekeeping import Timekeeper
from venueproof_simulators.host.venue import Classified, HttpReply, HttpRequest, Message

Text = Callable[[], str]
_REQUESTS, _REQUEST, _REPLY = Direction.REQUEST, RowKind.REQUEST, RowKind.REPLY


class _Telling(dict[str, bool]):
    """Names of headers → whether they tell of budgets: each is looked at once, as a venue has only so many."""

    def __init__(self, begins: tuple[str, ...]) -> None:
        super().__init__()
        self._begins = begins

    def __missing__(self, name: str) -> bool:
        telling = self[name] = name.lower().startswith(self._begins)
        return telling


class Answering:
    """Takes requests and frames to the venue and back; the owner of all sessions."""

    def __init__(
        self,
        driver: Driver,
        delivery: Delivery,
        rulebook: Rulebook,
        journal: Journal,
        times: Timekeeper,
        timers: Agenda,
        refusing: Refusing,
    ) -> None:
        """Joins the parts of one simulator."""
        self.driver = driver
        self._delivery = delivery
        self._rulebook = rulebook
        self._journal = journal
        self._times = times
        self._timers = timers
        self._refusing = refusing
        self._telling = _Telling(driver.venue.manifest.budget_headers)
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """The ordinal of a new connection."""
        return next(self._numbers)

    def wire_s(self) -> int:
        """The venue's own clock, for the `Date` of a reply."""
        return self._times.wire_ns() // 1_000_000_000

    def refused(self, number: int, label: str, why: str) -> None:
        """A request was turned away before the venue saw it."""
        self._journal.add(RowKind.REFUSED, self._times.now_ns(), (number,), label=label, note=why)

    # --- requests -------------------------------------------------------------------------------------------------

    def at_once(self) -> bool:
        """Whether replies leave as soon as they are made, and no rule looks at requests."""
        return self._delivery.at_once() and not self._rulebook.watches(_REQUESTS)

    def answer_at_once(self, number: int, request: HttpRequest) -> HttpReply:
        """Carry out a request whose reply leaves with this call's return; only while `at_once`."""
        asked = self.driver.classify(request)
        label = self._note_request(number, request, asked)
        reply = self.driver.handle(request, asked.operation)
        self._note_outcome(number, label, asked.operation, reply)
        return reply

    async def answer(self, number: int, request: HttpRequest) -> Outcome:
        """Carry out a request; return when the reply, if there is one, may leave."""
        asked = self.driver.classify(request)
        label = self._note_request(number, request, asked)
        outcome, extra_ns = self._decide(number, request, asked)
        await self._delivery.reply_leaves(extra_ns)
        self._note_outcome(number, label, asked.operation, outcome)
        return outcome

    def _note_request(self, number: int, request: HttpRequest, asked: Classified) -> str:
        label = asked.label or f"{request.method} {request.path}"
        self._journal.add(
            _REQUEST,
            self._times.now_ns(),
            (number,),
            label=label,
            operation=asked.operation,
            text=_request_text(request),
        )
        return label

    def _decide(self, number: int, request: HttpRequest, asked: Classified) -> tuple[Outcome, int]:
        installed = None
        if self._rulebook.watches(Direction.REQUEST):
            installed = self._judge(asked, lambda: urllib.parse.unquote_plus(_request_text(request)))
        if installed is None:
            return self.driver.handle(request, asked.operation), 0
        fate = installed.rule.fate
        self._note_rule(number, installed, asked)
        if isinstance(fate, LoseRequest):
            return Fate.RESET, 0
        if isinstance(fate, Answer | AnswerVenueError):
            if fate.executed:
                self.driver.handle(request, asked.operation)
            return self._instead(fate, request), 0
        reply = self.driver.handle(request, asked.operation)
        return _fated(fate, reply), fate.by_ns if isinstance(fate, Delay) else 0

    def _instead(self, fate: Answer | AnswerVenueError, request: HttpRequest) -> HttpReply:
        return fate.reply if isinstance(fate, Answer) else self.driver.error_reply(fate.reason, fate.error, request)

    def _judge(self, asked: Classified, text: Text) -> Installed | None:
        return self._rulebook.judge(Direction.REQUEST, asked.operation, "", asked.instrument, text)

    # --- sessions -------------------------------------------------------------------------------------------------

    def session(self, number: int, transport: asyncio.Transport) -> Session:
        """A session that is not open yet."""
        return Session(number, transport, self, self._times.clock, self._timers)

    async def open(self, session: Session, request: HttpRequest, switching: bytes) -> Outcome:
        """Ask the venue to let a session in; `switching` is the reply that opens it, sent in its turn."""
        number, label = session.number, f"{request.method} {request.path}"
        self._journal.add(RowKind.OPEN, self._times.now_ns(), (number,), label=label, text=_request_text(request))
        outcome = self._refusing.everyone(self._times.now_ns()) or self.driver.open(session, request)
        if outcome is None and (
            refusal := self._refusing.this(session.number, self._times.now_ns(), self.driver.venue)
        ):
            self.driver.closed(session)
            outcome = refusal
        if outcome is None:
            self._delivery.sessions[number] = session
            self._delivery.act(session, lambda one: one.write_raw(switching))
            self.driver.pump()
            return Fate.OPEN
        self.driver.pump()
        await self._delivery.reply_leaves(0)
        self._note_outcome(number, label, "", outcome)
        return outcome

    def frame_received(self, session: Session, payload: str | bytes) -> None:
        """Carry out what a frame asks for."""
        asked = self.driver.classify_frame(session, payload)
        self._journal.add(
            RowKind.FRAME_IN,
            self._times.now_ns(),
            (session.number,),
            label=asked.label,
            operation=asked.operation,
            text=payload,
        )
        installed = None
        if self._rulebook.watches(Direction.REQUEST):
            installed = self._judge(asked, lambda: as_text(payload))
        if installed is not None:
            self._note_rule(session.number, installed, asked)
            self._frame_fated(session, payload, asked, installed.rule.fate)
        elif self.driver.engine_away(asked.operation):
            self._answer_instead(session, payload, asked, AnswerVenueError(error=ENGINE_AWAY))
        else:
            self.driver.receive(session, payload, asked.operation)

    def _frame_fated(self, session: Session, payload: str | bytes, asked: Classified, fate: AnyFate) -> None:
        if isinstance(fate, LoseRequest):
            session.reset()
        elif isinstance(fate, Answer | AnswerVenueError):
            if fate.executed:
                self._receive(session, payload, asked, lambda _: None)
            self._answer_instead(session, payload, asked, fate)
        else:
            self._receive(session, payload, asked, lambda reply: self._delivery.meet(reply, fate))

    def _receive(self, session: Session, payload: str | bytes, asked: Classified, on_reply: Send) -> None:
        """Let the venue carry out a frame; `on_reply` decides about what it answers to this session."""

        def send(message: Message) -> None:
            is_reply = bool(message.operation) and session.number in message.sessions
            (on_reply if is_reply else self._delivery.send)(message)

        self.driver.receive(session, payload, asked.operation, send)

    def _answer_instead(
        self, session: Session, payload: str | bytes, asked: Classified, fate: Answer | AnswerVenueError
    ) -> None:
        if isinstance(fate, Answer):
            text: str | bytes = as_text(fate.reply.body)
        else:
            text = self.driver.error_frame(session, payload, fate.reason, fate.error)
        self._delivery.release(Message((session.number,), text, operation=asked.operation, label=asked.label))

    def control_frame(self, session: Session, label: str, payload: bytes) -> None:
        """Note a ping, pong or close of the client."""
        kind = RowKind.CLOSE if label == "close" else RowKind.FRAME_IN
        text = str(Close.parse(payload)) if label == "close" else ""
        self._journal.add(kind, self._times.now_ns(), (session.number,), label=label, note=text)
        if label != "close":
            self.driver.heard(session, label)

    def answer_frame(self, session: Session, data: bytes) -> None:
        """Send what the protocol answers by itself, in its turn."""
        self._delivery.act_at_once(session, lambda one: one.write_raw(data))

    def broken(self, session: Session, why: str) -> None:
        """The host ends a session."""
        self._journal.add(RowKind.CLOSE, self._times.now_ns(), (session.number,), label="broken", note=why)

    def session_ended(self, session: Session) -> None:
        """The connection is gone."""
        self._delivery.sessions.pop(session.number, None)
        self._journal.add(RowKind.CLOSE, self._times.now_ns(), (session.number,), label="gone")
        self.driver.closed(session)

    # --- rows -----------------------------------------------------------------------------------------------------

    def _note_rule(self, number: int, installed: Installed, asked: Classified) -> None:
        self._journal.add(
            RowKind.RULE,
            self._times.now_ns(),
            (number,),
            label=rule_name(installed.rule),
            operation=asked.operation,
            note=fate_text(installed.rule.fate),
        )

    def _note_outcome(self, number: int, label: str, operation: str, outcome: Outcome) -> None:
        if isinstance(outcome, HttpReply):
            status, text, note, refused = outcome.status, outcome.body, self._budgets_told(outcome), outcome.refused
        else:
            status, text, note, refused = 0, b"", outcome.name.lower(), ""
        self._journal.add(
            _REPLY,
            self._times.now_ns(),
            (number,),
            label=label,
            operation=operation,
            status=status,
            text=text,
            note=note,
            refused=refused,
        )

    def _budgets_told(self, reply: HttpReply) -> str:
        """The headers about limits and waits; others (cookies) are not journalled."""
        telling = self._telling
        return "; ".join([f"{name}: {value}" for name, value in reply.headers.items() if telling[name]])


def _fated(fate: AnyFate, reply: HttpReply) -> Outcome:
    """What is left of a reply. Twice or in another order it cannot come over HTTP: then it stays as it is."""
    if isinstance(fate, LoseReply):
        return Fate.RESET
    if isinstance(fate, Drop):
        return Fate.SILENCE
    if isinstance(fate, Truncate):
        return msgspec.structs.replace(reply, body=reply.body[: len(reply.body) // 2])
    if isinstance(fate, Rewrite):
        return msgspec.structs.replace(reply, body=reply.body.replace(fate.old.encode(), fate.new.encode()))
    return reply


def _request_text(request: HttpRequest) -> str:
    target = f"{request.method} {request.path}?{request.query}" if request.query else f"{request.method} {request.path}"
    return f"{target}\n{request.body.decode('utf-8', 'replace')}" if request.body else target
