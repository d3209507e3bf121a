"""What is written down of each account: order events, executions, position updates, and the account log.

Source of the kinds of events and of the log's rows: the vendor's account history pages. A trade makes two rows of the
log: money, then the position.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs

from venueproof_simulators.engine.commands import Command
from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Forgotten,
    OrderChanged,
    PositionChanged,
)
from venueproof_simulators.engine.state import FillState, OrderState, OrderStatus, PositionSide, PositionState
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.venues.kraken.wire.numbers import Listing

ORDERS, TRIGGERS, EXECUTIONS, POSITIONS = "orders", "triggers", "executions", "positions"
_KEPT = 10_000
"""Of so many rows the past of a venue that runs for days consists at most."""
_ENDS = {Cause.CANCELED, Cause.EXPIRED}
_INFOS = {
    BalanceCause.FILL: "futures trade",
    BalanceCause.FUNDING: "funding rate change",
    BalanceCause.DEPOSIT: "transfer",
    BalanceCause.WITHDRAWAL: "transfer",
    BalanceCause.DELIVERY: "settlement",
    BalanceCause.SETTLEMENT: "settlement",
    BalanceCause.INSURANCE: "futures unwind bankrupt",
}
_REASONS = {
    "self-trade": "would_execute_self",
    "reduce-only": "would_not_reduce_position",
    "immediate-or-cancel": "ioc_order_failed_because_it_would_not_be_executed",
    "no-liquidity": "ioc_order_failed_because_it_would_not_be_executed",
    "worst-price": "ioc_order_failed_because_it_would_not_be_executed",
    "instrument-expired": "contract_expired",
    "insufficient-margin": "not_enough_margin",
    "liquidation": "liquidation",
    "not-fillable": "ioc_order_failed_because_it_would_not_be_executed",
}
"""Why an order ended, in the engine's word → in the streams' one."""


class Entry(Struct, frozen=True):
    """One event of a history."""

    number: int
    at_ns: int
    kind: str
    """As the history calls it: `OrderPlaced`, `Execution`."""
    instrument: str
    order: OrderState | None = None
    old: OrderState | None = None
    stop: ConditionalState | None = None
    fill: FillState | None = None
    before: PositionState | None = None
    after: PositionState | None = None
    reason: str = ""


class LogRow(Struct, frozen=True):
    """One row of the account log. `before` and `after` are positions on rows that tell of one."""

    number: int
    at_ns: int
    info: str
    asset: str
    listing: Listing | None
    old_atoms: int = 0
    new_atoms: int = 0
    fill: FillState | None = None
    before: PositionState | None = None
    after: PositionState | None = None
    mark_nano_ticks: int = 0
    funding_atoms: int | None = None
    rate_ppb: int | None = None


class Book(Struct):
    """All of one account, oldest first."""

    entries: dict[str, list[Entry]]
    log: list[LogRow]
    fills: list[FillState]
    """Fills whose money and position are still to be told."""
    positions: dict[str, PositionState]
    count: int = 0
    logged: int = 0


class Books:
    """The books of all accounts."""

    def __init__(self, engine: Engine, seed: int, listings: Mapping[str, Listing]) -> None:
        self.seed = seed
        self._engine = engine
        self._listings = listings
        self._books: dict[str, Book] = {}
        self._last: dict[tuple[str, int], OrderState] = {}
        self._reasons: dict[tuple[str, int], str] = {}
        self._ended_ns: dict[tuple[str, int], int] = {}

    def of(self, account: str) -> Book:
        """The book of an account."""
        found = self._books.get(account)
        if found is None:
            kinds = (ORDERS, TRIGGERS, EXECUTIONS, POSITIONS)
            found = self._books[account] = Book({kind: [] for kind in kinds}, [], [], {})
        return found

    def end_reason(self, order: OrderState) -> str:
        """Why an order ended, in the venue's words."""
        return self._reasons.get((order.instrument, order.order_id), "")

    def stop_reason(self, stop: ConditionalState) -> str:
        """The same of a conditional order."""
        return self._reasons.get((stop.instrument, -stop.conditional_id), "")

    def ended_ns(self, instrument: str, number: int) -> int | None:
        """When an order ended, or with its negative number a conditional one (age clock); None while it lives."""
        return self._ended_ns.get((instrument, number))

    def forget(self, event: Forgotten) -> None:
        """Drop what there is on orders that the engine knows no more."""
        gone = {*event.orders, *((name, -number) for name, number in event.conditionals)}
        for key in gone:
            self._last.pop(key, None)
            self._reasons.pop(key, None)
            self._ended_ns.pop(key, None)
        for book in self._books.values():
            for kind, entries in book.entries.items():
                book.entries[kind] = [one for one in entries if _key(one) not in gone][-_KEPT:]
            del book.log[:-_KEPT]

    # --- orders -------------------------------------------------------------------------------------------------------

    def hear_order(self, event: OrderChanged, command: Command, note: str | None, time: VenueTime) -> None:
        """An order is now so; `note` says why it ends where the venue decided."""
        order, cause = event.order, event.cause
        key = (order.instrument, order.order_id)
        old = self._last.get(key)
        self._last[key] = order
        if cause in _ENDS:
            self._reasons[key] = _reason(order, note)
        if order.status is OrderStatus.FILLED or cause in _ENDS or cause is Cause.REJECTED:
            self._ended_ns[key] = time.age_ns
        if event.fill is not None:
            self.of(order.account).fills.append(event.fill)
            self._enter(order.account, EXECUTIONS, "Execution", order.instrument, order=order, fill=event.fill, old=old)
        self._enter_order(event, old)

    def _enter_order(self, event: OrderChanged, old: OrderState | None) -> None:
        order, account, name = event.order, event.order.account, event.order.instrument
        if event.cause is Cause.OPENED:
            if not order.conditional_id:
                self._enter(account, ORDERS, "OrderPlaced", name, order=order, reason="new_user_order")
        elif event.cause is Cause.FILLED and self._placed_now(event):
            self._told_as_placed(order)
        elif event.cause is Cause.FILLED:
            reason = "full_fill" if order.status is OrderStatus.FILLED else "partial_fill"
            self._enter(account, ORDERS, "OrderUpdated", name, order=order, old=old, fill=event.fill, reason=reason)
        elif event.cause is Cause.AMENDED:
            self._enter(account, ORDERS, "OrderUpdated", name, order=order, old=old, reason="edited_by_user")
        elif event.cause is Cause.REJECTED:
            self._enter(account, ORDERS, "OrderRejected", name, order=order, reason=order.reason)
        else:
            self._enter(account, ORDERS, "OrderCancelled", name, order=order, reason=self.end_reason(order))

    def _placed_now(self, event: OrderChanged) -> bool:
        """Whether an order takes as it comes in: its placement is told as it stands afterwards, and no update."""
        order, fill = event.order, event.fill
        fresh = order.created_ns == order.updated_ns and not order.amendments and not order.conditional_id
        return fill is not None and not fill.maker and fresh

    def _told_as_placed(self, order: OrderState) -> None:
        entries = self.of(order.account).entries[ORDERS]
        for place in range(len(entries) - 1, -1, -1):
            entry = entries[place]
            if entry.kind == "OrderPlaced" and _key(entry) == (order.instrument, order.order_id):
                entries[place] = structs.replace(entry, order=order)
                return

    def hear_stop(self, event: ConditionalChanged, note: str | None, time: VenueTime) -> None:
        """A conditional order is now so."""
        stop, cause = event.conditional, event.cause
        key = (stop.instrument, -stop.conditional_id)
        names = {
            ConditionalCause.OPENED: "OrderTriggerPlaced",
            ConditionalCause.AMENDED: "OrderTriggerUpdated",
            ConditionalCause.TRIGGERED: "OrderTriggerActivated",
            ConditionalCause.CANCELED: "OrderTriggerCancelled",
            ConditionalCause.EXPIRED: "OrderTriggerCancelled",
            ConditionalCause.REJECTED: "OrderTriggerCancelled",
        }
        if cause in {ConditionalCause.CANCELED, ConditionalCause.EXPIRED, ConditionalCause.REJECTED}:
            self._reasons[key] = note or reason_of(stop.reason)
            self._ended_ns[key] = time.age_ns
        if cause in names:
            reason = self.stop_reason(stop) or "new_user_order"
            self._enter(stop.account, TRIGGERS, names[cause], stop.instrument, stop=stop, reason=reason)

    def _enter(
        self,
        account: str,
        book: str,
        kind: str,
        instrument: str,
        *,
        order: OrderState | None = None,
        old: OrderState | None = None,
        stop: ConditionalState | None = None,
        fill: FillState | None = None,
        reason: str = "",
    ) -> None:
        kept = self.of(account)
        kept.count += 1
        entry = Entry(kept.count, self._engine.now_ns, kind, instrument, order, old, stop, fill, reason=reason)
        kept.entries[book].append(entry)

    # --- money --------------------------------------------------------------------------------------------------------

    def hear_money(self, event: BalanceChanged, time: VenueTime) -> None:
        """A wallet changed."""
        if event.cause is BalanceCause.MARGIN:
            return
        wallet, book = event.balance, self.of(event.balance.account)
        funding, fill = event.cause is BalanceCause.FUNDING, None
        if event.cause is BalanceCause.FILL:
            fill = next((one for one in book.fills if one.fee_asset == wallet.asset), None)
        listing = self._listings.get(event.instrument if fill is None else fill.instrument)
        book.logged += 1
        book.log.append(
            LogRow(
                number=book.logged,
                at_ns=wallet.updated_ns,
                info=_INFOS[event.cause],
                asset=wallet.asset,
                listing=listing,
                old_atoms=wallet.wallet_atoms - event.change_atoms,
                new_atoms=wallet.wallet_atoms,
                fill=fill,
                mark_nano_ticks=self._engine.mark_nano_ticks(listing.name, time.true_ns) if listing else 0,
                funding_atoms=event.change_atoms if funding else None,
                rate_ppb=listing.instrument.funding_rate_ppb if listing else None,
            )
        )

    def hear_position(self, event: PositionChanged, time: VenueTime) -> None:
        """A position is now so."""
        after = event.position
        book, listing = self.of(after.account), self._listings[after.instrument]
        before = book.positions.get(after.instrument) or _flat(after)
        book.positions[after.instrument] = after
        fill = next((one for one in book.fills if one.instrument == after.instrument), None)
        if before.lots == after.lots:
            return
        if fill is not None:
            book.fills.remove(fill)
        mark = self._engine.mark_nano_ticks(listing.name, time.true_ns)
        book.logged += 1
        info = "futures trade" if fill is not None else "settlement"
        row = LogRow(book.logged, after.updated_ns, info, listing.name.lower(), listing, fill=fill, before=before)
        book.log.append(_with(row, after, mark))
        book.count += 1
        entry = Entry(
            book.count, after.updated_ns, "PositionUpdate", listing.name, fill=fill, before=before, after=after
        )
        book.entries[POSITIONS].append(entry)


def _with(row: LogRow, after: PositionState, mark: int) -> LogRow:
    return LogRow(
        row.number,
        row.at_ns,
        row.info,
        row.asset,
        row.listing,
        fill=row.fill,
        before=row.before,
        after=after,
        mark_nano_ticks=mark,
    )


def _flat(position: PositionState) -> PositionState:
    return PositionState(
        position.account,
        position.instrument,
        PositionSide.NET,
        0,
        0,
        position.margin_mode,
        position.leverage_centi,
        0,
        0,
        position.updated_ns,
    )


def _key(entry: Entry) -> tuple[str, int]:
    if entry.order is not None:
        return entry.instrument, entry.order.order_id
    return entry.instrument, -entry.stop.conditional_id if entry.stop is not None else 0


def reason_of(word: str) -> str:
    """Why an order ended, in the streams' word for the engine's."""
    return _REASONS.get(word, "cancelled_by_admin")


def _reason(order: OrderState, note: str | None) -> str:
    """Why an order ended: as whoever ended it said, else what stands for the engine's reason."""
    if order.reason:
        return reason_of(order.reason)
    return note or "cancelled_by_user"
