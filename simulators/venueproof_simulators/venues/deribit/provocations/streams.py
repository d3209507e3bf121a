"""Trouble with connections and what comes over them."""

from __future__ import annotations

from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Delay, Direction, Duplicate, Match, Reorder, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit import provocations as shown
from venueproof_simulators.kit.troubles import SECOND_NS
from venueproof_simulators.venues.deribit.streams.account import ORDERS_FIRST
from venueproof_simulators.venues.deribit.streams.hub import SNAPSHOT_FIRST

_SLOW_NS = SECOND_NS // 2


fill_twice = provocation("fill.duplicate", "deribit.dedup.trade-id")(shown.next_fill(Duplicate(), "fill told twice"))
fills_out_of_order = provocation("fill.delayed", "deribit.ws.order-before-trade-across-channels", either=True)(
    shown.next_fill(Reorder(), "fill told out of order", quirk=ORDERS_FIRST, settles_s=1)
)
stream_reset = provocation("stream.drop", "deribit.ws.private-resubscribe")(shown.stream_reset)
streams_away = provocation("stream.drop", "deribit.env.maintenance")(shown.streams_away)


@provocation("stream.silent-death", "deribit.ws.heartbeat-silence")
def silence(controls: Controls, symbol: str) -> Provoked:
    """Nothing more comes on the account's connection, not even a heartbeat, and nobody closes it."""
    controls.drop(DropManner.SILENT, code=0, sessions=SessionKind.ACCOUNT, refuse_ns=0)
    return Provoked()


@provocation("book.early", "deribit.book.snapshot-first", either=True)
def snapshot_early(controls: Controls, symbol: str) -> Provoked:
    """The snapshot precedes the acknowledgement, which takes its time."""
    controls.switch_quirk(SNAPSHOT_FIRST, True)
    match = Match(Direction.REQUEST, contains='"book.')
    controls.add_rule(Rule(match, Delay(_SLOW_NS), "subscription answered late"))
    return Provoked()


change_lost = provocation("book.gap", "deribit.book.change-id-gap")(shown.book_gap)
