"""The engine's state as the contracts tell it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from venueproof_contracts import model
from venueproof_simulators.engine import state
from venueproof_simulators.engine.instruments import ContractKind, Instrument

from . import values

Find = Callable[[str], Instrument]
"""From the venue's spelling to the instrument."""


def order_ref(instrument: Instrument, order_id: int, client_id: str) -> model.OrderRef:
    """How the contracts name an order of the engine."""
    return model.OrderRef(instrument=instrument.symbol, intent_id=client_id, venue_id=str(order_id))


def order(find: Find, one: state.OrderState) -> model.Order:
    """One order."""
    instrument = find(one.instrument)
    average = Decimal(one.filled_value) / one.filled_lots * instrument.tick if one.filled_lots else None
    return model.Order(
        ref=order_ref(instrument, one.order_id, one.client_id),
        side=model.Side(one.side.value),
        type=model.OrderType(one.kind.value),
        status=values.status(one.status),
        amount=values.amount(instrument, one.lots),
        filled=values.amount(instrument, one.filled_lots),
        price=values.price(instrument, one.ticks) if one.ticks else None,
        average_price=average,
        time_in_force=model.TimeInForce(one.time_in_force.value),
        post_only=one.post_only,
        reduce_only=one.reduce_only,
        position_side=values.leg(one.position_side),
        updated_ns=one.updated_ns,
        reason=one.reason,
    )


def fill(find: Find, one: state.FillState) -> model.Fill:
    """One execution."""
    instrument = find(one.instrument)
    return model.Fill(
        fill_id=str(one.trade_id),
        ref=order_ref(instrument, one.order_id, one.client_id),
        side=model.Side(one.side.value),
        price=values.price(instrument, one.ticks),
        amount=values.amount(instrument, one.lots),
        fee=values.money(one.fee_atoms),
        fee_asset=one.fee_asset,
        maker=one.maker,
        at_ns=one.at_ns,
        position_side=values.leg(one.position_side),
    )


def position(find: Find, one: state.PositionState) -> model.Position:
    """One position, flat ones included. The amount is signed in net mode only."""
    instrument = find(one.instrument)
    net = one.side is state.PositionSide.NET
    return model.Position(
        instrument=instrument.symbol,
        side=model.PositionSide(one.side.value),
        amount=values.amount(instrument, one.lots if net else abs(one.lots)),
        entry_price=values.fine_price(instrument, one.entry_nano_ticks) if one.lots else None,
        leverage=Decimal(one.leverage),
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
        contract_unit=model.ContractUnit.BASE if one.kind is ContractKind.LINEAR else model.ContractUnit.QUOTE,
        notional_min=values.money(one.notional_min_atoms) if one.notional_min_atoms else None,
    )
