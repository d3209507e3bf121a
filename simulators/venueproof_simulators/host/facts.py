"""A venue's documented facts: read from `facts/*.toml`, checked row by row, and handed out as frozen values.

Four kinds of rows, one file each: errors, instruments, limits, quirks. Every row says where it is from. A row that
does not fit its type stops the venue from opening, with one line that names the file and the field.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from venueproof_simulators.engine.instruments import ASSET_DECIMALS, ContractKind, Instrument, OptionTerms
from venueproof_simulators.engine.refusals import Refusal

Row = TypeVar("Row")
Scalar = str | int | bool | list[str]


class FactsError(ValueError):
    """A facts file does not hold what it must. The message names the file, the place and the fault."""


# --- errors -----------------------------------------------------------------------------------------------------------


class ErrorRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One error of the venue. `text` may hold `{fields}` that the code which refuses fills in.

    A row whose key is `PRODUCT:KEY` stands in place of the row `KEY` on that product.
    """

    key: str
    status: int
    code: int | str
    text: str
    source: str
    reason: str = ""
    """The neutral reason, in the contracts' spelling; empty when no refusal of an order or a setting."""
    refused: str = ""
    """`haste` or `clock` where that is what is refused, whatever the status."""
    refusal: Refusal | None = None
    """The engine's refusal that this row is the venue's word for."""


class NeverRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A refusal of the engine that nobody can meet at this venue, and why: there is no word for it."""

    refusal: Refusal
    why: str


class ErrorTable:
    """The errors of one venue, found by key, by refusal of the engine, or by neutral reason (first row wins)."""

    def __init__(self, rows: Iterable[ErrorRow], never: Iterable[NeverRow] = ()) -> None:
        self.rows = tuple(rows)
        self.never = tuple(never)
        self._by_key = _unique(self.rows, [row.key for row in self.rows], "error")
        refusing = [row for row in self.rows if row.refusal is not None]
        self._by_refusal = _unique(refusing, [row.refusal for row in refusing], "refusal")
        self._by_reason = {row.reason: row for row in reversed(self.rows) if row.reason}

    def row(self, key: str, product: str = "") -> ErrorRow:
        """The row with this key, or `PRODUCT:KEY` where there is one. Raises `LookupError`."""
        return self._by_key.get(f"{product}:{key}") or self._by_key[key]

    def for_refusal(self, refusal: Refusal) -> ErrorRow:
        """The venue's word for a refusal. Raises `LookupError`."""
        try:
            return self._by_refusal[refusal]
        except KeyError:
            why = next((row.why for row in self.never if row.refusal is refusal), "its table has no row for that")
            raise LookupError(f"this venue never refuses for {refusal.value!r}: {why}") from None

    def for_reason(self, reason: str) -> ErrorRow:
        """The first row with this neutral reason. Raises `LookupError`."""
        try:
            return self._by_reason[reason]
        except KeyError:
            raise LookupError(f"this venue has no error for {reason!r}") from None


class _Errors(Struct, frozen=True, forbid_unknown_fields=True):
    error: list[ErrorRow]
    never: list[NeverRow] = field(default_factory=list[NeverRow])


# --- instruments ------------------------------------------------------------------------------------------------------


class InstrumentRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One instrument. Prices and amounts are in the venue's units; rates are fractions; `wire` is printed as it is.

    What most rows of a file share stands once, in its table `usual`.
    """

    name: str
    symbol: str
    underlying: str
    base: str
    quote: str
    settle: str
    kind: ContractKind
    product: str
    tick: Decimal
    amount_step: Decimal
    amount_min: Decimal
    amount_max: Decimal
    market_amount_max: Decimal
    price_min: Decimal
    price_max: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    leverage_max: Decimal
    leverage_start: Decimal
    maintenance: Decimal
    funding_interval_s: int
    funding_rate: Decimal
    open_orders_max: int
    conditionals_max: int
    callback_min: Decimal
    """How far a trailing order's price must turn back, of the price: no less and no more than these."""
    callback_max: Decimal
    source: str
    contract_size: Decimal = Decimal(1)
    notional_min: Decimal = Decimal(0)
    price_band: Decimal = Decimal(0)
    open_interest: Decimal = Decimal(0)
    """What others hold, whatever users do."""
    funding_continuous: bool = False
    expiry: datetime | None = None
    """When it is delivered; none for a perpetual contract. With a time zone."""
    listed: datetime | None = None
    """Since when it has been traded; none: since its underlying is."""
    delivery_fee: Decimal = Decimal(0)
    strike: Decimal | None = None
    """Of an option, with `call`, and how its fees are worked out:"""
    call: bool = True
    fee_underlying: bool = False
    fee_cap: Decimal = Decimal(0)
    coarse_above: Decimal = Decimal(0)
    """From this price on the tick is `coarse_tick`; 0: never."""
    coarse_tick: Decimal = Decimal(0)
    wire: dict[str, Scalar] = field(default_factory=dict[str, Scalar])

    def instrument(self) -> Instrument:
        """The row in the engine's integers."""
        return Instrument(
            name=self.name,
            symbol=self.symbol,
            underlying=self.underlying,
            base=self.base,
            quote=self.quote,
            settle=self.settle,
            kind=self.kind,
            product=self.product,
            tick=self.tick,
            lot=self.amount_step,
            contract_size=self.contract_size,
            lots_min=int(self.amount_min / self.amount_step),
            lots_max=int(self.amount_max / self.amount_step),
            market_lots_max=int(self.market_amount_max / self.amount_step),
            ticks_min=int(self.price_min / self.tick),
            ticks_max=int(self.price_max / self.tick),
            notional_min_atoms=int(self.notional_min.scaleb(ASSET_DECIMALS)),
            price_band_ppm=_parts(self.price_band, 6),
            open_orders_max=self.open_orders_max,
            conditionals_max=self.conditionals_max,
            callback_ppm_min=_parts(self.callback_min, 6),
            callback_ppm_max=_parts(self.callback_max, 6),
            maker_fee_ppm=_parts(self.maker_fee, 6),
            taker_fee_ppm=_parts(self.taker_fee, 6),
            leverage_max_centi=_parts(self.leverage_max, 2),
            leverage_start_centi=_parts(self.leverage_start, 2),
            maintenance_ppm=_parts(self.maintenance, 6),
            funding_interval_ns=self.funding_interval_s * 10**9,
            funding_rate_ppb=_parts(self.funding_rate, 9),
            funding_continuous=self.funding_continuous,
            expiry_ns=_nanoseconds(self.expiry),
            delivery_fee_ppm=_parts(self.delivery_fee, 6),
            option=None if self.strike is None else OptionTerms(self.strike, self.call),
            fee_underlying=self.fee_underlying,
            fee_cap_ppm=_parts(self.fee_cap, 6),
            listed_ns=_nanoseconds(self.listed),
            open_interest_lots=int(self.open_interest / self.amount_step),
            coarse_ticks=int(self.coarse_above / self.tick),
            coarse_step=max(1, int(self.coarse_tick / self.tick)),
        )


class _Instruments(Struct, frozen=True, forbid_unknown_fields=True):
    instrument: list[dict[str, Any]]
    usual: dict[str, Any] = {}
    """What holds for every row that does not say otherwise."""


def _nanoseconds(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp()) * 10**9


def _parts(fraction: Decimal, power: int) -> int:
    return int(fraction.scaleb(power))


# --- limits -----------------------------------------------------------------------------------------------------------


class LimitRow(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of something is allowed in how long; `interval_s` 0 when it is not per time."""

    id: str
    limit: int
    source: str
    interval_s: int = 0


class WeightRow(Struct, frozen=True, forbid_unknown_fields=True):
    """What a request costs. `steps` are (largest value of parameter `by`, cost) in rising order."""

    key: str
    source: str
    weight: int = 1
    without: int | None = None
    """Cost when parameter `by` is not given."""
    by: str = ""
    by_default: int = 0
    steps: list[tuple[int, int]] = []
    pool: str = "weight"
    """Id of the limit that the cost counts against."""

    def cost(self, value: str | None) -> int:
        """The cost, given the raw value of parameter `by` (None: not sent). A value out of any step costs most."""
        if not self.steps:
            return self.weight if value is not None or self.without is None else self.without
        number = self.by_default if value is None else int(value) if value.isascii() and value.isdigit() else 0
        return next((cost for upto, cost in self.steps if number <= upto), self.steps[-1][1])


class BanRow(Struct, frozen=True, forbid_unknown_fields=True):
    """How a venue bans: the first length, how it grows, and whether asking meanwhile makes it longer."""

    id: str
    source: str
    first_s: int
    factor: int
    longest_s: int
    after_requests: int
    """Refused requests of one window after which the ban comes."""
    longer_per_request_s: int = 0


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """A venue's budget: limits, costs and bans, found by id."""

    limit: list[LimitRow]
    weight: list[WeightRow] = []
    ban: list[BanRow] = []

    def named(self, id: str) -> LimitRow:
        """The limit of this id. Raises `LookupError`."""
        return _found(self.limit, id)

    def ban_named(self, id: str) -> BanRow:
        """The ban rule of this id. Raises `LookupError`."""
        return _found(self.ban, id)

    def weights(self) -> dict[str, WeightRow]:
        """Costs by key."""
        return _unique(self.weight, [row.key for row in self.weight], "weight")


# --- quirks -----------------------------------------------------------------------------------------------------------


class Provenance(StrEnum):
    """Who says so."""

    DOCUMENTED = "documented"
    RECORDED = "recorded"
    FIELD_REPORT = "field-report"
    INFERRED = "inferred"


class Verdict(StrEnum):
    """How a reported claim compares with the vendor's page and with live clients."""

    AGREES = "agrees"
    DIFFERS = "differs"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """What is built of a quirk."""

    SWITCH = "switch"
    """Can be turned on and off; a wire test shows both."""
    ALWAYS = "always"
    """The simulator always behaves so; a wire test shows it."""
    ADAPTER_ONLY = "adapter-only"
    """Nothing on the wire; a clause holds the duty."""
    NOTE = "note"
    """Neither a wire side nor a duty; `why` says why."""
    PLANNED = "planned"
    """Not built; `why` says what is missing."""


class QuirkRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One row of a venue's quirk register. `vendor` and `field`: whether a switch is on in that profile."""

    id: str
    title: str
    does: str
    duty: str
    source: str
    provenance: Provenance
    verdict: Verdict
    status: Status
    note: str = ""
    vendor: bool = False
    field: bool = False
    clause: str = ""
    """A clause's id, `system` for a duty of a whole trading system, empty when the duty has no clause yet."""
    provocation: str = ""
    """The kind of trouble under which this row is provoked."""
    why: str = ""


class _Quirks(Struct, frozen=True, forbid_unknown_fields=True):
    quirk: list[QuirkRow]


# --- reading ----------------------------------------------------------------------------------------------------------


@cache
def load_errors(package: str) -> ErrorTable:
    """The error table of a venue's package. Raises `FactsError`."""
    told = read_facts(package, "errors", _Errors)
    return ErrorTable(told.error, told.never)


@cache
def load_instruments(package: str) -> tuple[InstrumentRow, ...]:
    """The instruments of a venue's package. Raises `FactsError`."""
    told = read_facts(package, "instruments", _Instruments)
    try:
        rows = msgspec.convert([told.usual | row for row in told.instrument], list[InstrumentRow])
    except msgspec.ValidationError as fault:
        raise FactsError(f"{package}: facts/instruments.toml: {fault}") from fault
    _unique(rows, [row.name for row in rows], "instrument")
    return tuple(rows)


@cache
def load_limits(package: str) -> Limits:
    """The limits of a venue's package. Raises `FactsError`."""
    limits = read_facts(package, "limits", Limits)
    _unique(limits.limit, [row.id for row in limits.limit], "limit")
    limits.weights()
    return limits


@cache
def load_quirks(package: str) -> tuple[QuirkRow, ...]:
    """The quirk register of a venue's package. Raises `FactsError`."""
    rows = read_facts(package, "quirks", _Quirks).quirk
    _unique(rows, [row.id for row in rows], "quirk")
    return tuple(rows)


def read_facts(package: str, kind: str, shape: type[Row]) -> Row:
    """The file `facts/KIND.toml` of a venue's package, also of a kind that only this venue has. Raises `FactsError`."""
    resource = files(package) / "facts" / f"{kind}.toml"
    try:
        return msgspec.toml.decode(resource.read_bytes(), type=shape)
    except (msgspec.DecodeError, msgspec.ValidationError) as fault:
        raise FactsError(f"{package}: facts/{kind}.toml: {fault}") from fault


Key = TypeVar("Key")


def _unique(rows: Iterable[Row], keys: list[Key], what: str) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    for key, row in zip(keys, rows, strict=True):
        if key in found:
            raise FactsError(f"{what} {key!r} stands twice")
        found[key] = row
    return found


Identified = TypeVar("Identified", LimitRow, BanRow)


def _found(rows: list[Identified], id: str) -> Identified:
    for row in rows:
        if row.id == id:
            return row
    raise LookupError(id)
