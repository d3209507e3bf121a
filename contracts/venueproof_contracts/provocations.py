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
    "conditional.reject": (
        "The venue refuses the next conditional order with its own error for one neutral reason; one case for each "
        "refusal that an adapter can meet. `reason`: what the adapter must report. `intent`: what must differ from a "
        "stop to sell at market 2 % below it; None when the next one is refused whatever it is."
    ),
    "trigger.stuck": (
        "A conditional order whose price comes does not get on: the order that it should become is not there, for as "
        "long as the case lasts, and nothing says so but its own state. Called while one waits."
    ),
    "protective.minimum": (
        "Orders that only reduce must be worth as much as others, for as long as the case lasts. `reason`: what the "
        "adapter must report of one that is too small. `intent`: its amount, less than the usual one."
    ),
    "order.forgotten": (
        "The venue does not know any more the orders of the account that ended without a fill, as after days. What "
        "keeps its streams alive may have ended as well."
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
    "clock.late": (
        "The next placement is refused at the last moment because its time is over by then, although it was in time "
        "when it came in: nothing is executed. `operation`: PLACE."
    ),
    "token.expired": (
        "What the client was given when it logged on ends before its time: every private request that shows it is "
        "refused until the client logs on again, which it can at once."
    ),
    "account.restricted": (
        "The venue serves this account or address no more, for good and not for a wrong key, and says so to every "
        "request, for as long as the case lasts."
    ),
    "account.closing-only": (
        "The venue takes from this account only what cannot open or enlarge a position, for as long as the case lasts; "
        "canceling works. `reason`: what the adapter must report of an order that would open, None where no single "
        "reason fits."
    ),
    # --- settings -------------------------------------------------------------------------------------------------
    "setting.refused": (
        "The next request of `operation` is refused with the venue's own error, because orders or a position are in "
        "the way (then they are there when `provoke` returns) or because of what is asked for. `operation`: "
        "SET_MARGIN_MODE or SET_LEVERAGE. `reason`: what the adapter must report. `margin_mode`, `leverage`: what to "
        "ask for, isolated and 7 where they are None. Called while nothing is open."
    ),
    "mode.refused": (
        "The account's position mode cannot be changed to hedge for as long as the case lasts, because of something "
        "that need not be on the instrument. `reason`: what the adapter must report. Called while nothing is open."
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
    "book.early": (
        "The first change of the instrument's book comes before the subscription to it is acknowledged, for as long as "
        "the case lasts. Called while no book is subscribed."
    ),
    "book.gap": (
        "The next streamed change of the instrument's book is lost on its way to the client; what follows arrives. "
        "Called while the book is subscribed."
    ),
}
"""Kind → what the venue must do, and what it fills in."""
