"""Trouble with connections and what comes over them."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import (
    Direction,
    Drop,
    Match,
    Rule,
)
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, seconds
from venueproof_simulators.venues.binance.streams.hub import DELTA_FIRST, EXPIRED_AS_TEXT

_CUT_CODE = 1001
_RESTART_CODE = 1012
_AWAY_NS = 20 * SECOND_NS


@provocation("stream.drop", "binance.ws.resubscribe-after-reconnect")
def stream_reset(controls: Controls, symbol: str) -> Provoked:
    """Every connection is reset."""
    controls.drop(DropManner.RESET, code=0, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


@provocation("stream.drop", "binance.ws.24h-cut")
def stream_cut(controls: Controls, symbol: str) -> Provoked:
    """Every connection is closed, as after a day."""
    controls.drop(DropManner.CLOSE, code=_CUT_CODE, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


@provocation("stream.drop", "binance.env.maintenance-failover")
def streams_away(controls: Controls, symbol: str) -> Provoked:
    """Every connection is closed, and for a while no request is served and no connection let in."""
    controls.maintenance(_AWAY_NS)
    controls.drop(DropManner.CLOSE, code=_RESTART_CODE, sessions=SessionKind.ALL, refuse_ns=_AWAY_NS)
    return Provoked(settles_s=seconds(_AWAY_NS))


@provocation("stream.silent-death", "binance.ws.listen-key-silent-drop")
def key_expired_silently(controls: Controls, symbol: str) -> Provoked:
    """The listen key expires and nobody is told."""
    controls.expire_credential(silent=True)
    return Provoked()


@provocation("stream.silent-death", "binance.ws.listen-key-delete-kills-others")
def key_deleted(controls: Controls, symbol: str) -> Provoked:
    """Another program of the account deletes the listen key: the stream stays open and is dead."""
    controls.expire_credential(silent=True)
    return Provoked()


@provocation("credential.expired", "binance.ws.listen-key-expired-event")
def key_expired(controls: Controls, symbol: str) -> Provoked:
    """The listen key expires, and the stream says so."""
    controls.switch_quirk(EXPIRED_AS_TEXT, False)
    controls.expire_credential(silent=False)
    return Provoked()


@provocation("credential.expired", "binance.ws.listen-key-expired-text")
def key_expired_in_text(controls: Controls, symbol: str) -> Provoked:
    """The listen key expires, and the stream says so with its time as a string."""
    controls.switch_quirk(EXPIRED_AS_TEXT, True)
    controls.expire_credential(silent=False)
    return Provoked()


@provocation("book.early", "binance.ws.delta-before-ack", either=True)
def depth_early(controls: Controls, symbol: str) -> Provoked:
    """The first change of the book precedes the acknowledgement."""
    controls.switch_quirk(DELTA_FIRST, True)
    return Provoked()


@provocation("book.gap", "binance.ws.depth-gap")
def depth_gap(controls: Controls, symbol: str) -> Provoked:
    """The next change of the book is lost."""
    match = Match(Direction.STREAM, topic="book", instrument=symbol)
    controls.add_rule(Rule(match, Drop(), "change of the book lost"))
    return Provoked()
