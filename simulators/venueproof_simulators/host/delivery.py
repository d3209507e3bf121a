"""Everything on its way out: latency, order, freezes, holds and the fates of streamed messages.

A connection is a queue: nothing overtakes on it. A message without latency, rule or queue in front of it is written
at once, to all its sessions, from one frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from venueproof_simulators.host.agenda import Agenda, Entry
from venueproof_simulators.host.clock import Clock
from venueproof_simulators.host.journal import Journal, RowKind
from venueproof_simulators.host.latency import Draws
from venueproof_simulators.host.rulebook import Installed, Rulebook
from venueproof_simulators.host.rules import (
    Answer,
    AnswerVenueError,
    Delay,
    Direction,
    Drop,
    Duplicate,
    LoseReply,
    LoseRequest,
    Reorder,
    Rewrite,
    Truncate,
    fate_text,
    rule_name,
)
from venueproof_simulators.host.session import Session, encode
from venueproof_simulators.host.venue import Message

REORDER_PATIENCE_NS = 1_000_000_000
"""How long a message waits for the one that is to go before it; then it goes alone."""

Act = Callable[[Session], None]
Note = Callable[[], None]


class Delivery:
    """The ways out of one venue."""

    def __init__(self, clock: Clock, draws: Draws, rulebook: Rulebook, journal: Journal) -> None:
        """`draws` gives each message its latency."""
        self.sessions: dict[int, Session] = {}
        self.departures = Agenda(clock)
        self._clock = clock
        self._draws = draws
        self._rulebook = rulebook
        self._journal = journal
        self._frozen_until_ns = 0
        self._held: dict[str, list[Message]] = {}
        self._swapped: list[_Swapped] = []

    # --- messages -------------------------------------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """Send what the venue says; rules for streams see it first, unless it answers an operation."""
        if not message.operation and self._rulebook.watches(Direction.STREAM):
            payload = message.payload
            installed = self._rulebook.judge(
                Direction.STREAM, message.operation, message.topic, message.instrument, lambda: as_text(payload)
            )
            if installed is not None:
                self._fated(message, installed)
                return
        self.release(message)

    def release(self, message: Message, extra_ns: int = 0) -> None:
        """Send a message that no rule decides about any more, `extra_ns` later than latency alone would."""
        if self._held:
            waiting = self._held.get(message.topic)
            if waiting is not None and not message.operation:
                waiting.append(message)
                return
        targets = [self.sessions[number] for number in message.sessions if number in self.sessions]
        if targets:
            frame = encode(message.payload)
            self._depart(targets, lambda session: session.write(frame), partial(self._note, message), extra_ns)
        if self._swapped:
            self._send_swapped(message)

    def act(self, session: Session, act: Act, note: Note | None = None) -> None:
        """Do something to a session in its turn: after what is already on its way, with a latency of its own."""
        self._depart([session], act, (lambda _: note()) if note is not None else None, 0)

    def act_at_once(self, session: Session, act: Act) -> None:
        """Do something to a session in its turn, without a latency of its own: what the protocol answers by itself."""
        if session.pending or self._frozen_until_ns > self._clock.now_ns():
            self._depart([session], act, None, 0)
        else:
            act(session)

    def at_once(self) -> bool:
        """Whether what is sent leaves at once: nothing is frozen, and there is no latency."""
        return self._draws.none and (not self._frozen_until_ns or self._frozen_until_ns <= self._clock.now_ns())

    async def reply_leaves(self, extra_ns: int) -> None:
        """Return when an HTTP reply may leave."""
        now_ns = self._clock.now_ns()
        leaves_ns = max(now_ns + self._draws.next_ns() + extra_ns, self._frozen_until_ns)
        if leaves_ns > now_ns:
            await self.departures.until(leaves_ns)

    def _note(self, message: Message, connections: tuple[int, ...]) -> None:
        self._journal.add(
            RowKind.FRAME_OUT,
            self._clock.now_ns(),
            connections,
            label=message.label,
            operation=message.operation,
            topic=message.topic,
            text=message.payload,
        )

    # --- order ----------------------------------------------------------------------------------------------------

    def _depart(
        self, sessions: list[Session], act: Act, note: Callable[[tuple[int, ...]], None] | None, extra_ns: int
    ) -> None:
        now_ns = self._clock.now_ns()
        leaves_ns = max(now_ns + self._draws.next_ns() + extra_ns, self._frozen_until_ns)
        if leaves_ns <= now_ns and not any(session.pending for session in sessions):
            _leave(sessions, act, note)
            return
        by_time: dict[int, list[Session]] = {}
        for session in sessions:
            session.free_at_ns = max(leaves_ns, session.free_at_ns)
            session.pending += 1
            by_time.setdefault(session.free_at_ns, []).append(session)
        for at_ns, together in by_time.items():
            self.departures.at(at_ns, partial(_leave_queue, together, act, note))

    def freeze(self, for_ns: int) -> None:
        """Nothing leaves for so long; then everything does, in order."""
        self._frozen_until_ns = max(self._frozen_until_ns, self._clock.now_ns() + for_ns)
        self.departures.postpone(self._frozen_until_ns)

    def hold(self, topic: str, for_ns: int) -> None:
        """Streamed messages of a topic wait for so long, then leave in order; other topics go on."""
        self._held.setdefault(topic, [])
        self.departures.at(self._clock.now_ns() + for_ns, partial(self._release_topic, topic))

    def _release_topic(self, topic: str) -> None:
        for message in self._held.pop(topic, ()):
            self.release(message)

    def undelivered(self) -> int:
        """How many messages, replies and releases are still to come."""
        return len(self.departures)

    # --- fates of streamed messages -------------------------------------------------------------------------------

    def _fated(self, message: Message, installed: Installed) -> None:
        fate = installed.rule.fate
        self._journal.add(
            RowKind.RULE,
            self._clock.now_ns(),
            message.sessions,
            label=rule_name(installed.rule),
            topic=message.topic,
            text=message.payload,
            note=fate_text(fate),
        )
        self.meet(message, fate)

    def meet(self, message: Message, fate: object) -> None:
        """Let a message meet a fate, whether it is streamed or a reply over a session."""
        match fate:
            case Delay():
                self.release(message, fate.by_ns)
            case Drop():
                pass
            case Duplicate():
                self.release(message)
                self.release(message)
            case Reorder():
                self._swap(message)
            case LoseRequest() | LoseReply():
                for session in self._of(message):
                    session.reset()
            case _:
                self.release(altered(message, fate))

    def _of(self, message: Message) -> Sequence[Session]:
        return [self.sessions[number] for number in message.sessions if number in self.sessions]

    def _swap(self, message: Message) -> None:
        swapped = _Swapped(message)
        swapped.entry = self.departures.at(
            self._clock.now_ns() + REORDER_PATIENCE_NS, partial(self._release_swapped, [swapped])
        )
        self._swapped.append(swapped)

    def _release_swapped(self, due: list[_Swapped]) -> None:
        # All are taken out before one is sent: sending one may be what another waits for.
        self._swapped = [swapped for swapped in self._swapped if swapped not in due]
        for swapped in due:
            if swapped.entry is not None:
                self.departures.cancel(swapped.entry)
            self.release(swapped.message)

    def _send_swapped(self, sent: Message) -> None:
        due = [swapped for swapped in self._swapped if not set(swapped.message.sessions).isdisjoint(sent.sessions)]
        if due:
            self._release_swapped(due)


class _Swapped:
    """A message that waits for the next one on one of its connections."""

    __slots__ = ("entry", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.entry: Entry | None = None


def altered(message: Message, fate: object) -> Message:
    """The message with another text."""
    text = message.payload
    match fate:
        case Truncate():
            text = text[: len(text) // 2]
        case Rewrite():
            text = as_text(text).replace(fate.old, fate.new)
        case Answer():
            text = as_text(fate.reply.body)
        case AnswerVenueError():
            text = ""
        case _:
            raise TypeError(f"no fate: {fate!r}")
    return msgspec.structs.replace(message, payload=text)


def as_text(payload: str | bytes) -> str:
    """What rules look into."""
    return payload if isinstance(payload, str) else payload.decode("utf-8", "replace")


def _leave(sessions: list[Session], act: Act, note: Callable[[tuple[int, ...]], None] | None) -> None:
    if note is not None:
        note(tuple(session.number for session in sessions))
    for session in sessions:
        act(session)


def _leave_queue(sessions: list[Session], act: Act, note: Callable[[tuple[int, ...]], None] | None) -> None:
    for session in sessions:
        session.pending -= 1
    _leave(sessions, act, note)
