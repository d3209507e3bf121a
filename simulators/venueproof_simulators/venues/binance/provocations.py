"""How Binance shows each neutral kind of trouble: one function for each case, tied to its row of the register.

A case that needs a switch sets it itself, so that it shows the same trouble in every profile that has the case; one
for `either` position of a switch shows each profile's own.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import cast

from venueproof_simulators.engine.commands import ExpireOrder, Place, PlaceConditional, SetLeverage, SetMark
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.state import OrderKind, Side, TriggerKind
from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.decimals import money
from venueproof_simulators.host.provoking import NotShown, provocation
from venueproof_simulators.host.rules import (
    AnswerVenueError,
    Delay,
    Direction,
    Drop,
    Duplicate,
    LoseReply,
    Match,
    Reorder,
    Rule,
)
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.venues.binance.operations.amending import AMEND_REFUSED
from venueproof_simulators.venues.binance.operations.desk import STUCK
from venueproof_simulators.venues.binance.operations.order_reading import REDUCE_ONLY_NOTIONAL
from venueproof_simulators.venues.binance.routes.admission import KEY_REFUSED_DURING_BAN, RESTRICTED
from venueproof_simulators.venues.binance.routes.gateway import ERRORS_IN_SUCCESS
from venueproof_simulators.venues.binance.streams.account import ACCOUNT_FIRST
from venueproof_simulators.venues.binance.streams.hub import DELTA_FIRST, EXPIRED_AS_TEXT
from venueproof_simulators.venues.binance.venue import BinanceVenue

_SECOND_NS = 10**9
_FILL_EVENT = "ORDER_TRADE_UPDATE"
_CUT_CODE = 1001
_RESTART_CODE = 1012
_LATE_NS = 2 * _SECOND_NS
_SHORTEST_THROTTLE_NS = 5 * _SECOND_NS
_LONGER_THROTTLE_NS = 30 * _SECOND_NS
_CALLBACK_TOO_FAR_PERCENT = Decimal(25)
_AWAY_NS = 20 * _SECOND_NS
_FORGOTTEN_NS = 4 * 86_400 * _SECOND_NS
"""The vendor keeps what ended without a fill for three days."""


def _binance(controls: Controls) -> BinanceVenue:
    """The venue behind the levers: these functions are registered for no other."""
    return cast(BinanceVenue, controls.venue)


def _instrument(controls: Controls, symbol: str) -> Instrument:
    return controls.venue.engine.by_symbol(symbol)


def _mark(controls: Controls, instrument: Instrument) -> Decimal:
    nano_ticks = controls.venue.engine.mark_nano_ticks(instrument.name, controls.time().true_ns)
    return instrument.tick * nano_ticks / 10**9


def _on_tick(instrument: Instrument, price: Decimal) -> Decimal:
    return price // instrument.tick * instrument.tick


def _too_small(instrument: Instrument) -> Decimal:
    """The smallest amount: less than the smallest notional is worth, where there is one."""
    if not instrument.notional_min_atoms:
        raise NotShown(f"orders on {instrument.symbol} have no smallest worth")
    return instrument.lot * instrument.lots_min


def _seconds(ns: int) -> Decimal:
    return Decimal(ns) / _SECOND_NS


def _rest_another(controls: Controls, instrument: Instrument) -> None:
    """Another program of the account rests an order to buy, 2 % below mark."""
    price = _on_tick(instrument, _mark(controls, instrument) * Decimal("0.98"))
    controls.command(
        Place(
            account=controls.venue.account,
            instrument=instrument.name,
            side=Side.BUY,
            kind=OrderKind.LIMIT,
            lots=_usual_lots(controls, instrument),
            ticks=int(price / instrument.tick),
            client_id="by-hand",
        )
    )


def _usual_lots(controls: Controls, instrument: Instrument) -> int:
    """An amount that is worth three times the smallest notional, where there is one."""
    least = 3 * _least_lots(controls, instrument) if instrument.notional_min_atoms else 0
    return max(4 * instrument.lots_min, least)


def _least_lots(controls: Controls, instrument: Instrument) -> int:
    """The smallest amount that is worth the smallest notional at mark."""
    if not instrument.notional_min_atoms:
        raise NotShown(f"orders on {instrument.symbol} have no smallest worth")
    lots = money(instrument.notional_min_atoms) / _worth_of_lot(controls, instrument)
    return int(lots.to_integral_value(ROUND_CEILING))


def _worth_of_lot(controls: Controls, instrument: Instrument) -> Decimal:
    """What a lot is worth at mark, in the settle asset."""
    mark, face = _mark(controls, instrument), instrument.lot * instrument.contract_size
    return face / mark if instrument.kind is ContractKind.INVERSE else face * mark


# --- orders -----------------------------------------------------------------------------------------------------------


@provocation("order.reject", "binance.order.min-notional-4164")
def below_notional(controls: Controls, symbol: str) -> Provoked:
    """An amount that is worth less than the symbol's filter asks for."""
    amount = _too_small(_instrument(controls, symbol))
    return Provoked(reason="below-minimum", intent={"amount": amount})


@provocation("order.reject", "binance.order.min-notional-reduce-only")
def below_notional_reducing(controls: Controls, symbol: str) -> Provoked:
    """The same for an order that only reduces."""
    controls.switch_quirk(REDUCE_ONLY_NOTIONAL, True)
    amount = _too_small(_instrument(controls, symbol))
    return Provoked(reason="below-minimum", intent={"amount": amount, "reduce_only": True})


@provocation("order.reject", "binance.order.min-notional-market")
def below_notional_at_mark(controls: Controls, symbol: str) -> Provoked:
    """A market order that is worth enough at the last price, and too little at a lower mark."""
    instrument = _instrument(controls, symbol)
    amount = instrument.lot * _least_lots(controls, instrument)
    too_low = money(instrument.notional_min_atoms) / (amount * instrument.contract_size) * Decimal("0.98")
    controls.command(SetMark(instrument=instrument.name, mark_ticks=int(too_low / instrument.tick)))
    return Provoked(reason="below-minimum", intent={"type": "market", "amount": amount})


@provocation("order.reject", "binance.order.precision-1111")
def too_many_decimals(controls: Controls, symbol: str) -> Provoked:
    """An amount with one decimal more than the symbol allows."""
    instrument = _instrument(controls, symbol)
    amount = _usual_lots(controls, instrument) * instrument.lot + instrument.lot / 10
    return Provoked(reason="precision", intent={"amount": amount})


@provocation("order.reject", "binance.order.tick-4014")
def off_tick(controls: Controls, symbol: str) -> Provoked:
    """A passive price between two ticks."""
    instrument = _instrument(controls, symbol)
    price = _on_tick(instrument, _mark(controls, instrument) * Decimal("0.98")) + instrument.tick / 2
    return Provoked(reason="precision", intent={"price": price})


@provocation("order.reject", "binance.order.price-band-4016")
def outside_band(controls: Controls, symbol: str) -> Provoked:
    """A buy far above mark."""
    instrument = _instrument(controls, symbol)
    return Provoked(
        reason="price-band", intent={"price": _on_tick(instrument, _mark(controls, instrument) * Decimal("1.2"))}
    )


@provocation("order.reject", "binance.order.margin-2019")
def too_large(controls: Controls, symbol: str) -> Provoked:
    """The largest amount allowed, for which no account has the margin."""
    instrument = _instrument(controls, symbol)
    return Provoked(reason="insufficient-margin", intent={"amount": instrument.lot * instrument.lots_max})


@provocation("order.reject", "binance.margin.size-cap")
def over_the_bracket(controls: Controls, symbol: str) -> Provoked:
    """At the highest leverage, more than its bracket allows and much less than the money would do for."""
    instrument = _instrument(controls, symbol)
    first = instrument.ladder[0]
    account, name = controls.venue.account, instrument.name
    controls.command(SetLeverage(account=account, instrument=name, leverage=first.leverage_max))
    lots = money(first.notional_max_atoms) * Decimal("1.1") / _worth_of_lot(controls, instrument)
    return Provoked(reason="above-maximum", intent={"amount": instrument.lot * int(lots)})


@provocation("order.reject", "binance.order.post-only-reject")
def post_only_crossing(controls: Controls, symbol: str) -> Provoked:
    """A post-only buy above the best ask."""
    instrument = _instrument(controls, symbol)
    price = _on_tick(instrument, _mark(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-cross", intent={"price": price, "post_only": True})


@provocation("order.reject", "binance.order.fill-or-kill-5021")
def unfillable(controls: Controls, symbol: str) -> Provoked:
    """A fill-or-kill order at a passive price."""
    return Provoked(reason="not-fillable", intent={"time_in_force": "fok"})


@provocation("order.reject", "binance.order.reduce-only-2022")
def nothing_to_reduce(controls: Controls, symbol: str) -> Provoked:
    """An order that only reduces, without a position."""
    return Provoked(reason="reduce-only", intent={"reduce_only": True})


@provocation("order.end-without-event", "binance.ws.fill-delay-dup-miss")
def ended_untold(controls: Controls, symbol: str) -> Provoked:
    """The venue expires what rests, and the message about it is lost."""
    venue, name = controls.venue, _instrument(controls, symbol).name
    for order in venue.engine.live_orders(venue.account, name):
        if venue.account_sessions():
            controls.add_rule(Rule(Match(Direction.STREAM, topic="order", instrument=symbol), Drop(), "expiry lost"))
        controls.command(ExpireOrder(instrument=name, order_id=order.order_id, reason="venue"))
    return Provoked()


@provocation("amend.refused", "binance.order.amend-in-place")
def amend_refused(controls: Controls, symbol: str) -> Provoked:
    """No order can be amended."""
    controls.switch_quirk(AMEND_REFUSED, True)
    return Provoked(reason="not-allowed", operation="amend")


@provocation("conditional.reject", "binance.order.would-trigger-2021")
def triggers_at_once(controls: Controls, symbol: str) -> Provoked:
    """A stop to sell above the market: its price is there already."""
    instrument = _instrument(controls, symbol)
    price = _on_tick(instrument, _mark(controls, instrument) * Decimal("1.01"))
    return Provoked(reason="would-trigger", intent={"trigger": {"kind": "stop", "price": price}})


@provocation("conditional.reject", "binance.order.callback-range")
def callback_out_of_range(controls: Controls, symbol: str) -> Provoked:
    """A trailing stop at a distance that the venue does not offer."""
    trigger = {"kind": "trailing", "offset": _CALLBACK_TOO_FAR_PERCENT, "offset_unit": "percent"}
    return Provoked(reason="bad-parameter", intent={"trigger": trigger})


@provocation("trigger.stuck", "binance.order.algo-stuck-triggering", either=True)
def stuck_triggering(controls: Controls, symbol: str) -> Provoked:
    """Whatever fires stays on its way to the matching engine."""
    controls.switch_quirk(STUCK, True)
    return Provoked()


@provocation("reply.lost", "binance.clientid.unknown-outcome")
def reply_lost(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer never arrives."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), LoseReply(), "reply lost"))
    return Provoked(operation="place")


@provocation("reply.unknown", "binance.http.unknown-503")
def reply_unknown(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and answered with a 503 that says nothing."""
    fate = AnswerVenueError(error="unknown-503", executed=True)
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "503 after accepting"))
    return Provoked(operation="place")


@provocation("protective.minimum", "binance.order.protective-full-size")
def protective_slice(controls: Controls, symbol: str) -> Provoked:
    """Orders that only reduce are weighed like others, and the smallest amount is worth too little."""
    controls.switch_quirk(REDUCE_ONLY_NOTIONAL, True)
    return Provoked(reason="below-minimum", intent={"amount": _too_small(_instrument(controls, symbol))})


@provocation("order.forgotten", "binance.order.stale-expiry")
def orders_forgotten(controls: Controls, symbol: str) -> Provoked:
    """Days go by for everything that the venue keeps: what ended without a fill cannot be found any more."""
    controls.age(_FORGOTTEN_NS)
    return Provoked(operation="order")


# --- fills ------------------------------------------------------------------------------------------------------------


def _fill_match(symbol: str, skip: int = 0, first: int = 1) -> Match:
    """The long message about a fill; the short one that precedes it is left alone."""
    return Match(Direction.STREAM, topic="fill", instrument=symbol, contains=_FILL_EVENT, skip=skip, first=first)


@provocation("fill.duplicate", "binance.ws.fill-delay-dup-miss")
def fill_twice(controls: Controls, symbol: str) -> Provoked:
    """The next fill is told twice."""
    controls.add_rule(Rule(_fill_match(symbol), Duplicate(), "fill told twice"))
    return Provoked()


@provocation("fill.delayed", "binance.ws.fill-delay-dup-miss")
def fill_missed(controls: Controls, symbol: str) -> Provoked:
    """Of the next two fills the first is never told in full."""
    controls.add_rule(Rule(_fill_match(symbol), Drop(), "fill not told"))
    return Provoked(settles_s=Decimal(1))


@provocation("fill.delayed", "binance.ws.trade-lite-first")
def fill_late(controls: Controls, symbol: str) -> Provoked:
    """The short messages come in time, the long ones two seconds later."""
    controls.add_rule(Rule(_fill_match(symbol), Delay(_LATE_NS), "fill told late"))
    return Provoked(settles_s=_seconds(_LATE_NS))


@provocation("fill.delayed", "binance.ws.order-account-interleave")
def fill_after_account(controls: Controls, symbol: str) -> Provoked:
    """Wallet and position are told before the fill, and the first fill after the message that follows it."""
    controls.switch_quirk(ACCOUNT_FIRST, True)
    controls.add_rule(Rule(_fill_match(symbol), Reorder(), "fill told out of order"))
    return Provoked(settles_s=Decimal(1))


# --- answers ----------------------------------------------------------------------------------------------------------


@provocation("error.inside-success", "binance.http.errors-are-4xx")
def refusal_in_success(controls: Controls, symbol: str) -> Provoked:
    """A refusal stands in an answer with status 200."""
    controls.switch_quirk(ERRORS_IN_SUCCESS, True)
    return Provoked(
        reason="below-minimum", operation="place", intent={"amount": _too_small(_instrument(controls, symbol))}
    )


@provocation("list.order", "binance.candles.rest-order", either=True)
def candles_in_order(controls: Controls, symbol: str) -> Provoked:
    """Candles ascend, as on the vendor's page, or come newest first, as was reported: nothing needs to be armed."""
    return Provoked(operation="candles")


# --- limits -----------------------------------------------------------------------------------------------------------


@provocation("rate.ban", "binance.rate.ban-escalation", either=True)
def banned(controls: Controls, symbol: str) -> Provoked:
    """Every address is banned: for two minutes, as on the vendor's page, or for two hours and longer with each
    request, as was reported."""
    return _ban(controls)


def _ban(controls: Controls) -> Provoked:
    time = controls.time()
    for_ns = _binance(controls).desk.budgets.ban_row().first_s * _SECOND_NS
    controls.ban(for_ns)
    return Provoked(until_ns=(time.wire_ns + for_ns) // 10**6 * 10**6)


@provocation("rate.ban", "binance.auth.2015-during-ban", either=True)
def banned_and_key_refused(controls: Controls, symbol: str) -> Provoked:
    """Every address is banned, and whoever shows a key is told that the key is bad."""
    controls.switch_quirk(KEY_REFUSED_DURING_BAN, True)
    return _ban(controls)


@provocation("rate.throttle", "binance.rate.429-backoff")
def throttled(controls: Controls, symbol: str) -> Provoked:
    """The weight of this minute is spent."""
    time, budgets = controls.time(), _binance(controls).desk.budgets
    left_ns = budgets.window_ends_ns(time) - time.age_ns
    for_ns = left_ns if left_ns >= _SHORTEST_THROTTLE_NS else _LONGER_THROTTLE_NS
    budgets.throttle(time.age_ns + for_ns)
    return Provoked(settles_s=_seconds(for_ns))


@provocation("rate.throttle", "binance.rate.order-count")
def out_of_orders(controls: Controls, symbol: str) -> Provoked:
    """The account's orders of these ten seconds are spent."""
    venue, time = _binance(controls), controls.time()
    ends_ns = venue.desk.budgets.exhaust_orders(venue.account, time)
    return Provoked(operation="place", settles_s=_seconds(ends_ns - time.age_ns))


# --- identity ---------------------------------------------------------------------------------------------------------


@provocation("clock.late", "binance.auth.me-recvwindow", either=True)
def late_at_the_engine(controls: Controls, symbol: str) -> Provoked:
    """The matching engine refuses the next order for its time, which the front door had found good."""
    fate = AnswerVenueError(error="me-recv-window")
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, "late at the engine"))
    return Provoked(operation="place")


@provocation("account.restricted", "binance.account.region-restricted", either=True)
def restricted(controls: Controls, symbol: str) -> Provoked:
    """Every request is refused for where it comes from."""
    controls.switch_quirk(RESTRICTED, True)
    return Provoked()


# --- settings ---------------------------------------------------------------------------------------------------------


@provocation("setting.refused", "binance.order.leftover-blocks-entry")
def margin_type_with_leftover(controls: Controls, symbol: str) -> Provoked:
    """The margin type cannot change while a stop waits that somebody left behind."""
    instrument = _instrument(controls, symbol)
    price = _on_tick(instrument, _mark(controls, instrument) * Decimal("0.97"))
    controls.command(
        PlaceConditional(
            account=controls.venue.account,
            instrument=instrument.name,
            side=Side.SELL,
            trigger=TriggerKind.STOP,
            kind=OrderKind.MARKET,
            lots=_usual_lots(controls, instrument),
            trigger_ticks=int(price / instrument.tick),
            client_id="left-behind",
        )
    )
    return Provoked(reason="open-orders", operation="set_margin_mode")


@provocation("setting.refused", "binance.margin.rejected-setting-visible")
def margin_type_with_orders(controls: Controls, symbol: str) -> Provoked:
    """The margin type cannot change while an order rests."""
    _rest_another(controls, _instrument(controls, symbol))
    return Provoked(reason="open-orders", operation="set_margin_mode")


@provocation("setting.refused", "binance.margin.leverage-4028")
def leverage_too_high(controls: Controls, symbol: str) -> Provoked:
    """One more than the highest leverage there is."""
    wanted = Decimal(_instrument(controls, symbol).leverage_max + 1)
    return Provoked(reason="bad-parameter", operation="set_leverage", leverage=wanted)


@provocation("mode.refused", "binance.margin.position-mode-shared")
def mode_with_orders_elsewhere(controls: Controls, symbol: str) -> Provoked:
    """The position mode cannot change while an order rests anywhere, here on another product where there is one."""
    engine, here = controls.venue.engine, _instrument(controls, symbol)
    others = [one for one in engine.instruments.values() if one.name != here.name]
    elsewhere = next((one for one in others if one.product != here.product), others[0])
    _rest_another(controls, elsewhere)
    return Provoked(reason="open-orders", operation="set_position_mode")


# --- streams ----------------------------------------------------------------------------------------------------------


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
    return Provoked(settles_s=_seconds(_AWAY_NS))


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
