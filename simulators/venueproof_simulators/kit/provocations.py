"""Neutral kinds of trouble that several venues show alike: a venue's `provocations` give each its row of the register.

    off_tick = provocation("order.reject", "<venue>.order.tick")(provocations.off_tick)

What depends on the venue is an argument, and the function with it what is registered. Names of rules stand in journals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar, cast

from msgspec import structs

from venueproof_simulators.engine.commands import ExpireOrder
from venueproof_simulators.engine.worth import CENTI
from venueproof_simulators.host.controls import Controls, DropManner, SessionKind
from venueproof_simulators.host.provoking import ProvocationCode
from venueproof_simulators.host.rules import AnswerVenueError, Direction, Drop, Fate, LoseReply, Match, Rule
from venueproof_simulators.host.venue import Provoked
from venueproof_simulators.kit.troubles import (
    SECOND_NS,
    instrument_of,
    mark_of,
    on_tick,
    rest_another,
    seconds,
    usual_lots,
)
from venueproof_simulators.kit.venue import Venue

VenueT = TypeVar("VenueT")
_RESTART_CODE = 1012
_AWAY_NS = 20 * SECOND_NS
_PASSIVE_PERCENT, _CROSSING_PERCENT = 98, 101


def venue_of(controls: Controls, kind: type[VenueT]) -> VenueT:
    """The venue behind the levers: a venue's provocations are registered for no other."""
    venue = controls.venue
    assert isinstance(venue, kind)
    return venue


def near(controls: Controls, symbol: str, percent: int) -> Decimal:
    """A price so many percent of mark, on the tick."""
    instrument = instrument_of(controls, symbol)
    return on_tick(instrument, mark_of(controls, instrument) * percent / 100)


# --- orders that are refused ------------------------------------------------------------------------------------------


def off_tick(controls: Controls, symbol: str) -> Provoked:
    """A passive price between two ticks."""
    price = near(controls, symbol, _PASSIVE_PERCENT) + instrument_of(controls, symbol).tick / 2
    return Provoked(reason="precision", intent={"price": price})


def off_step(parts: int) -> ProvocationCode:
    """An amount between two steps: beyond one by so great a part of it."""

    def show(controls: Controls, symbol: str) -> Provoked:
        instrument = instrument_of(controls, symbol)
        amount = usual_lots(controls, instrument) * instrument.lot + instrument.lot / parts
        return Provoked(reason="precision", intent={"amount": amount})

    return show


def far_above_mark(percent: int) -> ProvocationCode:
    """A buy at so many percent of mark."""

    def show(controls: Controls, symbol: str) -> Provoked:
        return Provoked(reason="price-band", intent={"price": near(controls, symbol, percent)})

    return show


def too_large(controls: Controls, symbol: str) -> Provoked:
    """The largest amount allowed, for which no account has the margin."""
    instrument = instrument_of(controls, symbol)
    return Provoked(reason="insufficient-margin", intent={"amount": instrument.lot * instrument.lots_max})


def post_only_crossing(controls: Controls, symbol: str) -> Provoked:
    """A post-only buy above the best ask."""
    price = near(controls, symbol, _CROSSING_PERCENT)
    return Provoked(reason="would-cross", intent={"price": price, "post_only": True})


def nothing_to_reduce(controls: Controls, symbol: str) -> Provoked:
    """An order that only reduces, without a position."""
    return Provoked(reason="reduce-only", intent={"reduce_only": True})


def when_placing(code: ProvocationCode, *, quirk: str = "") -> ProvocationCode:
    """The same refusal, and the answer to the order is what it is about; with a row of the register on."""

    def show(controls: Controls, symbol: str) -> Provoked:
        if quirk:
            controls.switch_quirk(quirk, True)
        return structs.replace(code(controls, symbol), operation="place")

    return show


def triggers_at_once(controls: Controls, symbol: str) -> Provoked:
    """A stop to sell above the market: its price is there already."""
    price = near(controls, symbol, _CROSSING_PERCENT)
    return Provoked(reason="would-trigger", intent={"trigger": {"kind": "stop", "price": price}})


def callback_of(percent: Decimal) -> ProvocationCode:
    """A trailing stop at a distance that the venue does not offer."""

    def show(controls: Controls, symbol: str) -> Provoked:
        trigger = {"kind": "trailing", "offset": percent, "offset_unit": "percent"}
        return Provoked(reason="bad-parameter", intent={"trigger": trigger})

    return show


# --- answers ----------------------------------------------------------------------------------------------------------


def reply_lost(controls: Controls, symbol: str) -> Provoked:
    """The next order is placed and its answer never arrives."""
    controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), LoseReply(), "reply lost"))
    return Provoked(operation="place")


def placing_answered(error: str, name: str, *, executed: bool = False, reason: str = "") -> ProvocationCode:
    """The next order is answered with a row of the venue's errors, placed or not."""

    def show(controls: Controls, symbol: str) -> Provoked:
        fate = AnswerVenueError(error=error, executed=executed)
        controls.add_rule(Rule(Match(Direction.REQUEST, operation="place"), fate, name))
        return Provoked(operation="place", reason=reason)

    return show


def candles(controls: Controls, symbol: str) -> Provoked:
    """Candles come in the venue's own order: nothing needs to be armed."""
    return Provoked(operation="candles")


def throttled(span_s: int) -> ProvocationCode:
    """Everything that counts is one too many for some seconds."""

    def show(controls: Controls, symbol: str) -> Provoked:
        venue = cast("Venue[Any, Any, Any]", controls.venue)
        venue.desk.throttle.until_ns = controls.time().age_ns + span_s * SECOND_NS
        return Provoked(settles_s=Decimal(span_s))

    return show


def switched(quirk: str, *, reason: str = "", operation: str = "") -> ProvocationCode:
    """The venue does as a row of its register says, from now on."""

    def show(controls: Controls, symbol: str) -> Provoked:
        controls.switch_quirk(quirk, True)
        return Provoked(reason=reason, operation=operation)

    return show


# --- what befalls orders ----------------------------------------------------------------------------------------------


def ended_untold(reason: str, name: str) -> ProvocationCode:
    """The venue ends what rests, and the message about it is lost."""

    def show(controls: Controls, symbol: str) -> Provoked:
        venue, instrument = controls.venue, instrument_of(controls, symbol).name
        for order in venue.engine.live_orders(venue.account, instrument):
            if venue.account_sessions():
                controls.add_rule(Rule(Match(Direction.STREAM, topic="order", instrument=symbol), Drop(), name))
            controls.command(ExpireOrder(instrument=instrument, order_id=order.order_id, reason=reason))
        return Provoked()

    return show


def forgotten_after(span_ns: int) -> ProvocationCode:
    """Time goes by for everything that the venue keeps: what ended without a fill cannot be found any more."""

    def show(controls: Controls, symbol: str) -> Provoked:
        controls.age(span_ns)
        return Provoked(operation="order")

    return show


def next_fill(
    fate: Fate, name: str, *, contains: str = "", quirk: str = "", settles_s: int | Decimal = 0
) -> ProvocationCode:
    """The message about the next fill meets a fate, with a row of the register on where one is named."""

    def show(controls: Controls, symbol: str) -> Provoked:
        if quirk:
            controls.switch_quirk(quirk, True)
        match = Match(Direction.STREAM, topic="fill", instrument=symbol, contains=contains)
        controls.add_rule(Rule(match, fate, name))
        return Provoked(settles_s=Decimal(settles_s))

    return show


# --- streams ----------------------------------------------------------------------------------------------------------


def stream_reset(controls: Controls, symbol: str) -> Provoked:
    """Every connection is reset."""
    controls.drop(DropManner.RESET, code=0, sessions=SessionKind.ALL, refuse_ns=0)
    return Provoked()


def streams_away(controls: Controls, symbol: str) -> Provoked:
    """Every connection is closed, and for a while no request is served and no connection let in."""
    controls.maintenance(_AWAY_NS)
    controls.drop(DropManner.CLOSE, code=_RESTART_CODE, sessions=SessionKind.ALL, refuse_ns=_AWAY_NS)
    return Provoked(settles_s=seconds(_AWAY_NS))


def account_silent(controls: Controls, symbol: str) -> Provoked:
    """Streams of the account say nothing any more, and nobody is told."""
    controls.expire_credential(silent=True)
    return Provoked()


def book_gap(controls: Controls, symbol: str) -> Provoked:
    """The next change of the book is lost."""
    controls.add_rule(Rule(Match(Direction.STREAM, topic="book", instrument=symbol), Drop(), "change of the book lost"))
    return Provoked()


# --- settings ---------------------------------------------------------------------------------------------------------


def leverage_too_high(reason: str) -> ProvocationCode:
    """One more than the highest leverage there is."""

    def show(controls: Controls, symbol: str) -> Provoked:
        wanted = Decimal(instrument_of(controls, symbol).leverage_max_centi // CENTI + 1)
        return Provoked(reason=reason, operation="set_leverage", leverage=wanted)

    return show


def with_orders(operation: str, reason: str = "open-orders") -> ProvocationCode:
    """A setting cannot change while an order rests."""

    def show(controls: Controls, symbol: str) -> Provoked:
        rest_another(controls, instrument_of(controls, symbol))
        return Provoked(reason=reason, operation=operation)

    return show


def mode_with_orders_elsewhere(controls: Controls, symbol: str) -> Provoked:
    """The position mode cannot change while an order rests anywhere, here on another product where there is one."""
    engine, here = controls.venue.engine, instrument_of(controls, symbol)
    others = [one for one in engine.instruments.values() if one.name != here.name]
    rest_another(controls, next((one for one in others if one.product != here.product), others[0]))
    return Provoked(reason="open-orders", operation="set_position_mode")
