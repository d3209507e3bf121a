"""Trouble with connections and what comes over them."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import provocation
from venueproof_simulators.host.rules import Delay, Direction, Drop, Duplicate, Match, Reorder, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import SECOND_NS, seconds
from venueproof_simulators.venues.deribit.streams.account import ORDERS_FIRST
from venueproof_simulators.venues.deribit.streams.hub import SNAPSHOT_FIRST

_RESTART_CODE = 1012
_AWAY_NS = 20 * SECOND_NS
_SLOW_NS = SECOND_NS // 2


@provocation("fill.duplicate", "deribit.dedup.trade-id")
def fill_twice(controls: Controls, symbol: str) -> Provoked:
    """The next fill is told twice."""
    match = Match(Direction.STREAM, topic="fill", instrument=symbol)
    controls.add_rule(Rule(match, Duplicate(), "fill told twice"))
    return Provoked()


@provocation("fill.delayed", "deribit.ws.order-before-trade-across-channels", either=True)
def fills_out_of_order(controls: Controls, symbol: str) -> Provoked:
    """Orders are told before their fills, and the first fill after the message that follows it."""
    controls.switch_quirk(ORDERS_FIRST, True)
    match = Match(Direction.STREAM, topic="fill", instrument=symbol)
    controls.add_rule(Rule(match, Reorder(), "fill told out of order"))
    return Provoked(settles_s=Decimal(1))


@provocation("stream.drop", "deribit.ws.private-resubscribe")
def stream_reset(controls: Controls, symbol: str) -> Provoked:
    """Every connection is reset."""
    controls.drop(DropManner.RESET, code=0, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


@provocation("stream.drop", "deribit.env.maintenance")
def streams_away(controls: Controls, symbol: str) -> Provoked:
    """Every connection is closed, and for a while no request is served and no connection let in."""
    controls.maintenance(_AWAY_NS)
    controls.drop(DropManner.CLOSE, code=_RESTART_CODE, sessions=SessionKind.ALL, refuse_ns=_AWAY_NS)
    return Provoked(settles_s=seconds(_AWAY_NS))


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


@provocation("book.gap", "deribit.book.change-id-gap")
def change_lost(controls: Controls, symbol: str) -> Provoked:
    """The next change of the book is lost."""
    match = Match(Direction.STREAM, topic="book", instrument=symbol)
    controls.add_rule(Rule(match, Drop(), "change of the book lost"))
    return Provoked()
