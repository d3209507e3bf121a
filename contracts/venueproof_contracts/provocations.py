"""The kinds of trouble that a venue may be able to show, and what showing each one means.

A venue registers provocations under these names, one for each row of its quirk register that shows the trouble; a
clause that names a kind runs once for each. The text of a kind is what a provocation of that kind must do, when it is
called, and which fields of `bench.Provoked` it fills. Fields that are not named stay at their defaults.

For all kinds: `provoke` returns when the trouble is armed (or under way), and costs no more than a few milliseconds of
the bench's clock. It concerns the account under test and, where one is named, the instrument handed in. It does not
look at what the adapter did before, except as said below. Trouble ends by itself: after the one message that it is
for, or `settles_s` seconds after `provoke` returned.
"""

from __future__ import annotations

KINDS: dict[str, str] = {
    # --- orders ---------------------------------------------------------------------------------------------------
    "order.reject": (
        "The venue refuses the next placement with its own error for one neutral reason; one case for each refusal "
        "that an adapter can meet. `reason`: what the adapter must report. `intent`: what must differ from a passive "
        "good-till-canceled limit buy so that the venue itself refuses it; None when the next placement is refused "
        "whatever it is."
    ),
    "order.end-without-event": (
        "The venue ends the account's live orders on the instrument at once, and no streamed message tells of it. "
        "Called while exactly one order rests there."
    ),
    "amend.refused": (
        "The venue refuses every in-place change of a live limit order, for as long as the case lasts; placing and "
        "canceling work. Called while one order rests. `reason`: the neutral reason of the refusal."
    ),
    "reply.lost": (
        "The next placement is executed and its reply never arrives (the connection is reset, or the reply is kept "
        "for longer than any client waits). `operation`: PLACE."
    ),
    "reply.unknown": (
        "The next placement is executed and answered with an error that does not tell whether it was (such as 503). "
        "`operation`: PLACE."
    ),
    # --- fills ----------------------------------------------------------------------------------------------------
    "fill.duplicate": "The next streamed message that tells of a fill is sent twice. Called while an order rests.",
    "fill.delayed": (
        "Streamed messages about the next two fills arrive late, out of order, or one of them not at all (one case "
        "for each way the venue has). Called while an order rests. `settles_s`: the longest delay."
    ),
    # --- answers --------------------------------------------------------------------------------------------------
    "error.inside-success": (
        "The next request of `operation` is refused, and the refusal stands inside an answer with a status of "
        "success. `operation`: PLACE (then `reason`, and `intent` as in order.reject) or a question: TICKER, BOOK, "
        "CANDLES, ORDER, OPEN_ORDERS, FILLS, POSITIONS, BALANCES."
    ),
    "list.order": (
        "Candles are listed in one certain order: a case for the order on the venue's page, and one for every other "
        "order that was reported. For as long as the case lasts. `operation`: CANDLES."
    ),
    # --- limits ---------------------------------------------------------------------------------------------------
    "rate.ban": (
        "The client's address is banned from now on, as after too many requests: every request is refused until "
        "`until_ns`, the end that the venue states when first asked. Where requests lengthen the ban they do so here."
    ),
    "rate.throttle": (
        "Every request is refused as one too many for `settles_s` seconds, without a ban. At most 60 seconds. "
        "`operation`: PLACE where only orders are refused, None for all. `until_ns`: the end, where the venue tells it."
    ),
    # --- settings -------------------------------------------------------------------------------------------------
    "setting.refused": (
        "The next request of `operation` is refused with the venue's own error because orders are open or a position "
        "is. `operation`: SET_MARGIN_MODE or SET_LEVERAGE. `reason`: what the adapter must report. "
        "Called while one order rests."
    ),
    # --- streams --------------------------------------------------------------------------------------------------
    "stream.drop": (
        "Every WebSocket connection ends so that the client can tell (reset, close frame), and new ones are accepted "
        "`settles_s` seconds later (0: at once). One case for each manner."
    ),
    "stream.silent-death": (
        "The account's stream says nothing from now on and the client is not told: the socket stays open, with or "
        "without answers to its pings. New connections that are set up afresh (with a new credential, where the venue "
        "has one) work."
    ),
    "credential.expired": (
        "What keeps the account's stream alive (listen key, token) ends, and the venue says so on the stream, in each "
        "of the ways it has. Nothing more arrives on it."
    ),
    "book.gap": (
        "The next streamed change of the instrument's book is lost on its way to the client; what follows arrives. "
        "Called while the book is subscribed."
    ),
}
"""Kind → what the venue must do, and what it fills in."""
