"""The engine's state as the contracts tell it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from venueproof_contracts import model
from venueproof_simulators.engine import state
from venueproof_simulators.engine.conditional_state import ConditionalState, TriggerKind
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.host.venue import IdKind

from . import values


class Words(Struct, frozen=True):
    """What a venue calls things: its instruments by their spelling, and how ids of the engine stand on the wire."""

    find: Callable[[str], Instrument]
    spelled: Callable[[IdKind, str, int], str]

    def order(self, one: state.OrderState | state.FillState) -> str:
        """The id of an order, or of that of a fill."""
        return self.spelled(IdKind.ORDER, one.instrument, one.order_id)

    def conditional(self, one: ConditionalState | state.OrderState) -> str:
        """The id of a conditional order, or of that which an order came from."""
        return self.spelled(IdKind.CONDITIONAL, one.instrument, one.conditional_id)


def order(words: Words, one: state.OrderState) -> model.Order:
    """One order."""
    instrument = words.find(one.instrument)
    return model.Order(
        ref=model.OrderRef(instrument.symbol, one.client_id, words.order(one)),
        side=model.Side(one.side.value),
        type=model.OrderType(one.kind.value),
        status=values.status(one.status),
        amount=values.amount(instrument, one.lots),
        filled=values.amount(instrument, one.filled_lots),
        price=values.price(instrument, one.ticks) if one.ticks else None,
        average_price=_average(instrument, one),
        time_in_force=model.TimeInForce(one.time_in_force.value),
        post_only=one.post_only,
        reduce_only=one.reduce_only,
        position_side=values.leg(one.position_side),
        updated_ns=one.updated_ns,
        replaces=words.conditional(one) if one.conditional_id else None,
        reason=one.reason,
    )


def _average(instrument: Instrument, one: state.OrderState) -> Decimal | None:
    """The price at which all of it together was filled: harmonic where a contract is worth a sum in quote."""
    if not one.filled_lots:
        return None
    if instrument.kind is ContractKind.INVERSE:
        return values.fine_price(instrument, one.average_nano_ticks)
    return Decimal(one.filled_value) / one.filled_lots * instrument.tick


def conditional(words: Words, one: ConditionalState) -> model.Order:
    """One conditional order. It has fired once the order that it becomes is there, whatever became of that one."""
    instrument = words.find(one.instrument)
    ref = model.OrderRef(instrument.symbol, one.client_id, words.conditional(one), conditional=True)
    return model.Order(
        ref=ref,
        side=model.Side(one.side.value),
        type=model.OrderType(one.kind.value),
        status=values.conditional_status(one.status),
        amount=values.amount(instrument, one.lots),
        filled=model.ZERO,
        price=values.price(instrument, one.ticks) if one.ticks else None,
        time_in_force=model.TimeInForce(one.time_in_force.value),
        post_only=one.post_only,
        reduce_only=one.reduce_only,
        close_position=one.close_position,
        trigger=_trigger(instrument, one),
        position_side=values.leg(one.position_side),
        updated_ns=one.updated_ns,
        replaced_by=words.spelled(IdKind.ORDER, one.instrument, one.order_id) if one.order_id else None,
        reason=one.reason,
    )


def _trigger(instrument: Instrument, one: ConditionalState) -> model.Trigger:
    kind, watches = model.TriggerKind(one.trigger.value), model.TriggerPrice(one.watches.value)
    if one.trigger is not TriggerKind.TRAILING:
        return model.Trigger(kind, price=values.price(instrument, one.trigger_ticks), watches=watches)
    distance = one.callback_ticks
    return model.Trigger(
        kind,
        offset=values.price(instrument, distance) if distance else values.percent(one.callback_ppm),
        offset_unit=model.OffsetUnit.ABSOLUTE if distance else model.OffsetUnit.PERCENT,
        watches=watches,
        activation=values.price(instrument, one.activation_ticks) if one.activation_ticks else None,
    )


def fill(words: Words, one: state.FillState) -> model.Fill:
    """One execution."""
    instrument = words.find(one.instrument)
    return model.Fill(
        fill_id=words.spelled(IdKind.TRADE, one.instrument, one.trade_id),
        ref=model.OrderRef(instrument.symbol, one.client_id, words.order(one)),
        side=model.Side(one.side.value),
        price=values.price(instrument, one.ticks),
        amount=values.amount(instrument, one.lots),
        fee=values.money(one.fee_atoms),
        fee_asset=one.fee_asset,
        maker=one.maker,
        at_ns=one.at_ns,
        position_side=values.leg(one.position_side),
    )


def position(words: Words, one: state.PositionState) -> model.Position:
    """One position, flat ones included. The amount is signed in net mode only."""
    instrument = words.find(one.instrument)
    net = one.side is state.PositionSide.NET
    return model.Position(
        instrument=instrument.symbol,
        side=model.PositionSide(one.side.value),
        amount=values.amount(instrument, one.lots if net else abs(one.lots)),
        entry_price=values.fine_price(instrument, one.entry_nano_ticks) if one.lots else None,
        unrealized_pnl=values.money(one.unrealized_atoms),
        leverage=Decimal(one.leverage_centi) / 100,
        margin_mode=model.MarginMode(one.margin_mode.value),
    )


def balance(one: state.BalanceState) -> model.Balance:
    """Money of one asset."""
    return model.Balance(
        asset=one.asset, wallet=values.money(one.wallet_atoms), available=values.money(one.available_atoms)
    )


def ticker(instrument: Instrument, one: state.TickerState) -> model.Ticker:
    """Prices now. A side without orders is None."""
    return model.Ticker(
        instrument=instrument.symbol,
        last=values.price(instrument, one.last),
        bid=values.price(instrument, one.bid) if one.bid else None,
        ask=values.price(instrument, one.ask) if one.ask else None,
        mark=values.fine_price(instrument, one.mark_nano_ticks),
        index=values.fine_price(instrument, one.index_nano_ticks),
        funding_rate=one.funding_rate_ppb / Decimal(10**9),
        open_interest=values.amount(instrument, one.open_interest_lots),
        volume_24h=values.amount(instrument, one.day.volume_lots),
        at_ns=one.at_ns,
    )


def book(instrument: Instrument, one: state.BookState) -> model.Book:
    """The book, best levels first."""
    return model.Book(
        instrument=instrument.symbol,
        bids=tuple(_level(instrument, *level) for level in one.bids),
        asks=tuple(_level(instrument, *level) for level in one.asks),
        at_ns=one.at_ns,
    )


def _level(instrument: Instrument, ticks: int, lots: int) -> model.Level:
    return model.Level(price=values.price(instrument, ticks), amount=values.amount(instrument, lots))


def instrument(one: Instrument) -> model.Instrument:
    """A listed contract."""
    return model.Instrument(
        symbol=one.symbol,
        spelling=one.name,
        product=one.product,
        base=one.base,
        quote=one.quote,
        settle=one.settle,
        price_tick=one.tick * one.tick_step,
        amount_step=one.lot * one.lot_step,
        amount_min=one.lot * one.lots_min,
        amount_max=one.lot * one.lots_max,
        contract_size=one.contract_size,
        contract_unit=model.ContractUnit.QUOTE if one.kind is ContractKind.INVERSE else model.ContractUnit.BASE,
        expires_ns=one.expiry_ns or None,
        notional_min=values.money(one.notional_min_atoms) if one.notional_min_atoms else None,
    )
