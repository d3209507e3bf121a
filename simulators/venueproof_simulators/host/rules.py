"""Message rules: what a fault or a quirk does to one message on its way.

Each rule sees a message that it matches and decides its fate; the first rule that matches wins, in order of
installation. A rule is counted, and one that never matched is reported at the end of a run.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from venueproof_simulators.host.venue import HttpReply

TEXT_LIMIT = 120
"""Bytes of an answer that a fate's description shows."""
NS_PER_S = 1_000_000_000


class Direction(StrEnum):
    """Which way a message goes, and so what a rule can see."""

    REQUEST = "request"
    """An HTTP request or a WebSocket frame that asks for an operation, before it is carried out, and its reply."""
    STREAM = "stream"
    """A message that the venue sends by itself."""


class Match(Struct, frozen=True):
    """Which messages a rule is for; empty fields match all. It acts on matches `skip`+1 … `skip`+`first` (0: no end).

    `operation` and `topic` are neutral words, `instrument` is the unified symbol, `contains` must stand in the text.
    """

    direction: Direction
    operation: str = ""
    topic: str = ""
    instrument: str = ""
    contains: str = ""
    skip: int = 0
    first: int = 1


class Delay(Struct, frozen=True, tag="delay"):
    """Send it `by_ns` later; the connection's later messages wait."""

    by_ns: int


class Drop(Struct, frozen=True, tag="drop"):
    """Never send it."""


class Duplicate(Struct, frozen=True, tag="duplicate"):
    """Send it twice."""


class Reorder(Struct, frozen=True, tag="reorder"):
    """Send it after the next message of the connection."""


class LoseRequest(Struct, frozen=True, tag="lose-request"):
    """It never arrives; the connection is reset."""


class LoseReply(Struct, frozen=True, tag="lose-reply"):
    """It is carried out and never answered; the connection is reset."""


class Answer(Struct, frozen=True, tag="answer"):
    """Send this reply instead. `executed`: the request is carried out all the same."""

    reply: HttpReply
    executed: bool = False


class AnswerVenueError(Struct, frozen=True, tag="answer-error"):
    """Send the venue's own error for a neutral reason or for a row of its error table instead."""

    reason: str = ""
    error: str = ""
    executed: bool = False


class Truncate(Struct, frozen=True, tag="truncate"):
    """Carry it out and send only the first half of the reply's body, as if that were all."""


class Rewrite(Struct, frozen=True, tag="rewrite"):
    """Replace `old` by `new` in the text of a reply or message."""

    old: str
    new: str


Fate = Delay | Drop | Duplicate | Reorder | LoseRequest | LoseReply | Answer | AnswerVenueError | Truncate | Rewrite


class Rule(Struct, frozen=True):
    """What happens to which messages. `name` stands in the journal."""

    match: Match
    fate: Fate
    name: str = ""


def rule_name(rule: Rule) -> str:
    """What the journal calls a rule: its own name, or what it does."""
    return rule.name or str(rule.fate.__struct_config__.tag)


def fate_text(fate: Fate) -> str:
    """What a fate does, in words for people who read a journal or a certificate."""
    match fate:
        case Delay():
            return f"held back {fate.by_ns / NS_PER_S:g} s"
        case LoseRequest():
            return "request lost, connection reset"
        case LoseReply():
            return "reply lost, connection reset"
        case Answer(reply=reply):
            return f"answered instead: {reply.status} {reply.body[:TEXT_LIMIT].decode('utf-8', 'replace')}"
        case AnswerVenueError():
            return f"answered with the venue's own error: {fate.reason or fate.error}"
        case Rewrite():
            return f'"{fate.old}" rewritten to "{fate.new}"'
        case _:
            return _TEXTS[type(fate)]


_TEXTS: dict[type[Fate], str] = {
    Drop: "never sent",
    Duplicate: "sent twice",
    Reorder: "sent after the next one",
    Truncate: "cut in half",
}
