"""Trouble with connections and what comes over them."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Direction, Drop, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, seconds

_RESTART_CODE = 1012
_AWAY_NS = 20 * SECOND_NS


@provocation("stream.drop", "bybit.ws.resubscribe-after-reconnect")
def stream_reset(controls: Controls, symbol: str) -> Provoked:
    """Every connection is reset."""
    controls.drop(DropManner.RESET, code=0, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


@provocation("stream.drop", "bybit.env.maintenance-failover")
def streams_away(controls: Controls, symbol: str) -> Provoked:
    """Every connection is closed, and for a while no request is served and no connection let in."""
    controls.maintenance(_AWAY_NS)
    controls.drop(DropManner.CLOSE, code=_RESTART_CODE, sessions=SessionKind.ALL, refuse_ns=_AWAY_NS)
    return Provoked(settles_s=seconds(_AWAY_NS))


@provocation("stream.silent-death", "bybit.ws.pong-shapes", either=True)
def pongs_swallowed(controls: Controls, symbol: str) -> Provoked:
    """Private connections say nothing any more, and answer no ping."""
    controls.expire_credential(silent=True)
    return Provoked()


@provocation("book.gap", "bybit.ws.book-reset-u1")
def book_gap(controls: Controls, symbol: str) -> Provoked:
    """The next change of the book is lost; only the numbers of what follows tell."""
    match = Match(Direction.STREAM, topic="book", instrument=symbol)
    controls.add_rule(Rule(match, Drop(), "change of the book lost"))
    return Provoked()
