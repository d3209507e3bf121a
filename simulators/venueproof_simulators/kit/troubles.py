"""What provocations of all venues share: instruments and their prices, amounts that fit, another client."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from venueproof_simulators.engine.commands import Place
from venueproof_simulators.engine.instruments import ContractKind, Instrument
from venueproof_simulators.engine.state import OrderKind, Side
from venueproof_simulators.host.controls import Controls
from venueproof_simulators.host.decimals import money
from venueproof_simulators.host.provoking import NotShown

SECOND_NS = 10**9


def instrument_of(controls: Controls, symbol: str) -> Instrument:
    """The instrument of a unified symbol."""
    return controls.venue.engine.by_symbol(symbol)


def mark_of(controls: Controls, instrument: Instrument) -> Decimal:
    """Its mark price."""
    nano_ticks = controls.venue.engine.mark_nano_ticks(instrument.name, controls.time().true_ns)
    return instrument.tick * nano_ticks / 10**9


def on_tick(instrument: Instrument, price: Decimal) -> Decimal:
    """The next price below that the instrument allows."""
    return price // instrument.tick * instrument.tick


def too_small(instrument: Instrument) -> Decimal:
    """The smallest amount: less than the smallest notional is worth, where there is one."""
    if not instrument.notional_min_atoms:
        raise NotShown(f"orders on {instrument.symbol} have no smallest worth")
    return instrument.lot * instrument.lots_min


def seconds(ns: int) -> Decimal:
    """Nanoseconds as seconds."""
    return Decimal(ns) / SECOND_NS


def rest_another(controls: Controls, instrument: Instrument) -> None:
    """Another program of the account rests an order to buy, 2 % below mark."""
    price = on_tick(instrument, mark_of(controls, instrument) * Decimal("0.98"))
    controls.command(
        Place(
            account=controls.venue.account,
            instrument=instrument.name,
            side=Side.BUY,
            kind=OrderKind.LIMIT,
            lots=usual_lots(controls, instrument),
            ticks=int(price / instrument.tick),
            client_id="by-hand",
        )
    )


def usual_lots(controls: Controls, instrument: Instrument) -> int:
    """An amount that is worth three times the smallest notional, where there is one."""
    least = 3 * least_lots(controls, instrument) if instrument.notional_min_atoms else 0
    return max(4 * instrument.lots_min, least)


def least_lots(controls: Controls, instrument: Instrument) -> int:
    """The smallest amount that is worth the smallest notional at mark."""
    if not instrument.notional_min_atoms:
        raise NotShown(f"orders on {instrument.symbol} have no smallest worth")
    lots = money(instrument.notional_min_atoms) / worth_of_lot(controls, instrument)
    return int(lots.to_integral_value(ROUND_CEILING))


def worth_of_lot(controls: Controls, instrument: Instrument) -> Decimal:
    """What a lot is worth at mark, in the settle asset."""
    mark, face = mark_of(controls, instrument), instrument.lot * instrument.contract_size
    return face / mark if instrument.kind is ContractKind.INVERSE else face * mark
