"""Trouble with connections and what comes over them."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Direction, Drop, Match, Rule
from venueproof_simulators.host.venue import Provoked


@provocation("stream.drop", "kraken.ws.resubscribe")
def stream_reset(controls: Controls, symbol: str) -> Provoked:
    """Every connection is reset."""
    controls.drop(DropManner.RESET, code=0, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


@provocation("stream.silent-death", "kraken.ws.goes-silent")
def silent(controls: Controls, symbol: str) -> Provoked:
    """The feeds of the account say nothing more; their connections stay open."""
    controls.expire_credential(silent=True)
    return Provoked()


@provocation("book.gap", "kraken.ws.book-seq-gap")
def book_gap(controls: Controls, symbol: str) -> Provoked:
    """The next change of the book is lost."""
    match = Match(Direction.STREAM, topic="book", instrument=symbol)
    controls.add_rule(Rule(match, Drop(), "change of the book lost"))
    return Provoked()
