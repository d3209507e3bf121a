"""Trouble with connections and what comes over them."""

from __future__ import annotations

from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.kit import provocations as shown

stream_reset = provocation("stream.drop", "kraken.ws.resubscribe")(shown.stream_reset)
silent = provocation("stream.silent-death", "kraken.ws.goes-silent")(shown.account_silent)
book_gap = provocation("book.gap", "kraken.ws.book-seq-gap")(shown.book_gap)
