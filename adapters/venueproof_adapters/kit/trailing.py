"""Trailing offsets in the terms of venues that know them only as a percentage, or only as a distance."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from msgspec import structs

from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import OffsetUnit, Trigger


def in_percent(trigger: Trigger, price: Decimal, step: Decimal, least: Decimal, most: Decimal) -> Trigger:
    """An absolute offset as the percentage of `price` that is nearest to it on the venue's step.

    Raises `Rejected` when the venue takes no such percentage: another offset than the one asked for protects nothing.
    """
    if trigger.offset is None or trigger.offset_unit is OffsetUnit.PERCENT:
        return trigger
    percent = (trigger.offset * 100 / price / step).to_integral_value(ROUND_HALF_UP) * step
    if not least <= percent <= most:
        reason = Reason.BELOW_MINIMUM if percent < least else Reason.ABOVE_MAXIMUM
        raise Rejected(reason, f"an offset of {percent} % of {price}; here it is {least} to {most} %")
    return structs.replace(trigger, offset=percent, offset_unit=OffsetUnit.PERCENT)


def as_distance(trigger: Trigger, price: Decimal, step: Decimal) -> Trigger:
    """An offset in percent as the distance from `price` nearest to it on the venue's step, at least one step."""
    if trigger.offset is None or trigger.offset_unit is OffsetUnit.ABSOLUTE:
        return trigger
    steps = (trigger.offset * price / 100 / step).to_integral_value(ROUND_HALF_UP)
    return structs.replace(trigger, offset=max(steps, Decimal(1)) * step, offset_unit=OffsetUnit.ABSOLUTE)
