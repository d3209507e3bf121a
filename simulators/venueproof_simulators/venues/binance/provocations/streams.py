"""Trouble with connections and what comes over them."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.venues.binance.streams.hub import DELTA_FIRST, EXPIRED_AS_TEXT

_CUT_CODE = 1001


stream_reset = provocation("stream.drop", "binance.ws.resubscribe-after-reconnect")(shown.stream_reset)


@provocation("stream.drop", "binance.ws.24h-cut")
def stream_cut(controls: Controls, symbol: str) -> Provoked:
    """Every connection is closed, as after a day."""
    controls.drop(DropManner.CLOSE, code=_CUT_CODE, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


streams_away = provocation("stream.drop", "binance.env.maintenance-failover")(shown.streams_away)
key_expired_silently = provocation("stream.silent-death", "binance.ws.listen-key-silent-drop")(shown.account_silent)
key_deleted = provocation("stream.silent-death", "binance.ws.listen-key-delete-kills-others")(shown.account_silent)


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


depth_early = provocation("book.early", "binance.ws.delta-before-ack", either=True)(shown.switched(DELTA_FIRST))
depth_gap = provocation("book.gap", "binance.ws.depth-gap")(shown.book_gap)
