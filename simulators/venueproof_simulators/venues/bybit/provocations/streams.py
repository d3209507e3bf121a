"""Trouble with connections and what comes over them."""

from __future__ import annotations

from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.kit import provocations as shown

stream_reset = provocation("stream.drop", "bybit.ws.resubscribe-after-reconnect")(shown.stream_reset)
streams_away = provocation("stream.drop", "bybit.env.maintenance-failover")(shown.streams_away)
pongs_swallowed = provocation("stream.silent-death", "bybit.ws.pong-shapes", either=True)(shown.account_silent)
book_gap = provocation("book.gap", "bybit.ws.book-reset-u1")(shown.book_gap)
