"""How counts of ticks and lots are printed and read back: integers all the way, never floats."""

from __future__ import annotations

from decimal import Decimal

from venueproof_simulators.host.decimals import counted, places, whole
from venueproof_simulators.host.venue import VenueTime

NANO = Decimal("1e-9")


class Grid:
    """One step, of prices or of amounts: so many steps as text and back."""

    def __init__(self, step: Decimal) -> None:
        self.places = places(step)
        self._units = whole(step.scaleb(self.places))
        """How many units of the last decimal place a step is."""

    def text(self, count: int) -> str:
        """So many steps with the decimals of the step: `0.010`."""
        return counted(count * self._units, self.places)

    def count(self, text: str) -> int | None:
        """How many whole steps a number (digits, and perhaps a point) is; None when it is off the step."""
        digits, _, fraction = text.partition(".")
        if len(fraction) > self.places:
            fraction = fraction.rstrip("0")
            if len(fraction) > self.places:
                return None
        count, rest = divmod(int(digits + fraction.ljust(self.places, "0")), self._units)
        return None if rest else count


def decimals(text: str) -> int:
    """How many decimals a number really has: 1 for `0.10`."""
    return len(text.partition(".")[2].rstrip("0"))


def unpadded(text: str) -> str:
    """A number without trailing zeros: `58000` for `58000.00`."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def wire_ns(time: VenueTime, at_ns: int) -> int:
    """A moment of the engine on the venue's own clock."""
    return at_ns + time.wire_ns - time.true_ns


def wire_ms(time: VenueTime, at_ns: int) -> int:
    """The same in milliseconds."""
    return (at_ns + time.wire_ns - time.true_ns) // 1_000_000
