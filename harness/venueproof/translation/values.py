"""Prices, amounts and money: the engine's integers to the contracts' decimals and back."""

from __future__ import annotations

from decimal import Decimal

from venueproof_contracts import model
from venueproof_simulators.engine import state
from venueproof_simulators.engine.conditional_state import ConditionalStatus
from venueproof_simulators.engine.instruments import ASSET_DECIMALS, Instrument

NS_PER_S = 1_000_000_000
ATOMS = Decimal(10) ** ASSET_DECIMALS


SPAN_MAX_S = 10 * 366 * 86_400


def to_ns(seconds: Decimal) -> int:
    """Seconds as whole nanoseconds. Raises ValueError when they are negative or more than ten years."""
    if not (seconds.is_finite() and 0 <= seconds <= SPAN_MAX_S):
        raise ValueError(f"{seconds} seconds: between 0 and {SPAN_MAX_S}")
    return int(seconds * NS_PER_S)


def checked_ms(ms: int) -> int:
    """Milliseconds by which a clock is moved, either way. Raises ValueError beyond ten years."""
    if abs(ms) > SPAN_MAX_S * 1000:
        raise ValueError(f"{ms} ms: at most {SPAN_MAX_S * 1000} either way")
    return ms


def to_ticks(instrument: Instrument, price: Decimal) -> int:
    """A price in ticks. Raises ValueError when it lies between two ticks."""
    return _whole(price, instrument.tick, f"price {price} of {instrument.symbol} is not a multiple of")


def to_lots(instrument: Instrument, amount: Decimal) -> int:
    """An amount of contracts in lots. Raises ValueError when it lies between two lots."""
    return _whole(amount, instrument.lot, f"amount {amount} of {instrument.symbol} is not a multiple of")


def to_atoms(money: Decimal) -> int:
    """Money in atoms. Raises ValueError when it is finer than one."""
    return _whole(money, 1 / ATOMS, f"{money} is not a multiple of")


def _whole(value: Decimal, unit: Decimal, complaint: str) -> int:
    count = value / unit
    if not count.is_finite() or count != count.to_integral_value():
        raise ValueError(f"{complaint} {unit}")
    return int(count)


def price(instrument: Instrument, ticks: int) -> Decimal:
    """A price in quote."""
    return ticks * instrument.tick


def amount(instrument: Instrument, lots: int) -> Decimal:
    """An amount in contracts."""
    return lots * instrument.lot


def money(atoms: int) -> Decimal:
    """Money in its asset."""
    return atoms / ATOMS


def fine_price(instrument: Instrument, nano_ticks: int) -> Decimal:
    """A price that the engine knows in billionths of a tick."""
    return nano_ticks * instrument.tick / NS_PER_S


_STATUS: dict[state.OrderStatus, model.OrderStatus] = {
    state.OrderStatus.ACKNOWLEDGED: model.OrderStatus.PENDING,
    state.OrderStatus.OPEN: model.OrderStatus.OPEN,
    state.OrderStatus.PARTLY_FILLED: model.OrderStatus.PARTLY_FILLED,
    state.OrderStatus.FILLED: model.OrderStatus.FILLED,
    state.OrderStatus.CANCELED: model.OrderStatus.CANCELED,
    state.OrderStatus.EXPIRED: model.OrderStatus.EXPIRED,
    state.OrderStatus.REJECTED: model.OrderStatus.REJECTED,
}


def status(of: state.OrderStatus) -> model.OrderStatus:
    """The contracts' word for an order status."""
    return _STATUS[of]


_CONDITIONAL_STATUS: dict[ConditionalStatus, model.OrderStatus] = {
    ConditionalStatus.ACKNOWLEDGED: model.OrderStatus.PENDING,
    ConditionalStatus.WAITING: model.OrderStatus.WAITING,
    ConditionalStatus.TRIGGERING: model.OrderStatus.TRIGGERING,
    ConditionalStatus.TRIGGERED: model.OrderStatus.TRIGGERED,
    ConditionalStatus.FINISHED: model.OrderStatus.TRIGGERED,
    ConditionalStatus.CANCELED: model.OrderStatus.CANCELED,
    ConditionalStatus.EXPIRED: model.OrderStatus.EXPIRED,
    ConditionalStatus.REJECTED: model.OrderStatus.REJECTED,
}


def conditional_status(of: ConditionalStatus) -> model.OrderStatus:
    """The contracts' word for the status of a conditional order."""
    return _CONDITIONAL_STATUS[of]


PPM_PER_PERCENT = 10_000


def percent(ppm: int) -> Decimal:
    """Parts per million as a percentage."""
    return Decimal(ppm) / PPM_PER_PERCENT


def to_ppm(percentage: Decimal) -> int:
    """A percentage in parts per million. Raises ValueError when it is finer than one."""
    return _whole(percentage, 1 / Decimal(PPM_PER_PERCENT), f"{percentage} % is not a multiple of")


def to_ppb(fraction: Decimal) -> int:
    """A fraction in parts per billion. Raises ValueError when it is finer than one."""
    return _whole(fraction, 1 / Decimal(NS_PER_S), f"{fraction} is not a multiple of")


def engine_leg(side: model.PositionSide | None) -> state.PositionSide:
    """The engine's position side of an intent."""
    return state.PositionSide.NET if side is None else state.PositionSide(side.value)


def leg(side: state.PositionSide) -> model.PositionSide | None:
    """The contracts' position side of an order or fill: none in net mode."""
    return None if side is state.PositionSide.NET else model.PositionSide(side.value)
