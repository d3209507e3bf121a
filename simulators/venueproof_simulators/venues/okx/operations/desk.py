"""The venue's own state around the engine: accounts with three-part keys, notes, statements, settings, budgets."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from venueproof_simulators.engine.commands import Command, OpenAccount, PoolSpec
from venueproof_simulators.engine.conditional_state import ConditionalState, ConditionalStatus
from venueproof_simulators.engine.events import (
    BalanceChanged,
    Cause,
    ConditionalCause,
    ConditionalChanged,
    Event,
    Forgotten,
    OrderChanged,
    PositionChanged,
)
from venueproof_simulators.engine.state import MarginMode, OrderOrigin, OrderState, OrderStatus
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.accounts import Account as CommonAccount
from venueproof_simulators.kit.basis import Basis
from venueproof_simulators.kit.desk import Desk as CommonDesk
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.statement import Statement
from venueproof_simulators.venues.okx.limits import Budgets
from venueproof_simulators.venues.okx.operations.notes import Algo, Keep, OrderNote
from venueproof_simulators.venues.okx.operations.position_book import PositionBook
from venueproof_simulators.venues.okx.products import DISCOUNTS, FUTURES_LEVEL, MONEY, POOL
from venueproof_simulators.venues.okx.wire.numbers import Listing, conditional_of, order_id, serial_of

DEMO = "-demo"
"""What the name of an account's twin in demo trading ends with."""
FORCED = frozenset({OrderOrigin.LIQUIDATION, OrderOrigin.DELEVERAGING})
_HEX = "0123456789abcdef"
_ENDED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED})
_DAY_NS = 86_400 * 10**9


class Account(CommonAccount, kw_only=True):
    """One account and its settings."""

    passphrase: str
    demo: bool = False
    """It lives in demo trading."""
    uid: str = ""
    level: str = FUTURES_LEVEL
    """`acctLv`."""
    leverages: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    """(instrument, margin mode, leg) → leverage in hundredths, where it was set."""
    self_trade: str = "cancel_maker"
    """`acctStpMode`."""

    def leverage_centi(self, listing: Listing, mode: str, leg: str = "net") -> int:
        """The leverage that orders of a mode have on an instrument, in hundredths."""
        start = listing.instrument.leverage_start_centi
        found = self.leverages.get((listing.name, mode, leg))
        return found or self.leverages.get((listing.name, mode, "net"), start)


class Desk(CommonDesk[Account, Listing]):
    """Everything an operation may touch."""

    def __init__(self, basis: Basis[Listing]) -> None:
        super().__init__(basis)
        self.budgets = Budgets(self.limits, self.switches, self.throttle)
        self.keep = Keep()
        self.statement = Statement()
        self.prices_at: dict[int, tuple[int, int]] = {}
        """Entry of a fill → mark and index price at that moment, in billionths of a tick."""
        self.positions = PositionBook()
        self.codes = {listing.code: listing for listing in self.listings.values()}
        """Instruments by `instIdCode`."""
        self.after_fill: Callable[[OrderState, OrderNote, VenueTime], None] = _nothing
        """What is to be done when an order with something attached has filled."""
        self._filled: list[tuple[OrderState, OrderNote]] = []
        self.hears |= {
            OrderChanged: self.hear_order,
            ConditionalChanged: self.hear_algo,
        }

    # --- accounts -----------------------------------------------------------------------------------------------------

    def new_account(self, name: str, time: VenueTime) -> tuple[Account, OpenAccount]:
        """An account with the starting money; one whose name says so lives in demo trading."""
        account = Account(
            name=name,
            api_key=_uuid(token(self.seed, f"{name}-key", 32, _HEX)),
            secret=token(self.seed, f"{name}-secret", 32, _HEX.upper()),
            passphrase=f"Pass+{token(self.seed, f'{name}-passphrase', 12)}",
            uid=token(self.seed, f"{name}-uid", 18, "123456789"),
            demo=name.endswith(DEMO),
        )
        pool = PoolSpec(POOL, dict(DISCOUNTS), isolates=True)
        return account, OpenAccount(name, (pool,), dict(MONEY))

    def add_account(self, account: Account, opening: OpenAccount, time: VenueTime) -> Account:
        """Open an account, and its statement."""
        self.statement.open(account.name, opening.money)
        return super().add_account(account, opening, time)

    def secrets(self) -> list[str]:
        """Secrets and passphrases."""
        return [text for account in self.accounts for text in (account.secret, account.passphrase)]

    # --- the engine ---------------------------------------------------------------------------------------------------

    def command(self, command: Command, time: VenueTime, note: object = None) -> list[Event]:
        """As ever; and afterwards let begin to wait what was attached to orders that have filled."""
        events = super().command(command, time, note)
        while self._filled:
            order, kept = self._filled.pop(0)
            self.after_fill(order, kept, time)
        return events

    def hear_order(self, event: OrderChanged, command: Command, note: object, time: VenueTime) -> None:
        """An order is now so."""
        order = event.order
        key = (order.instrument, order.order_id)
        self.keep.number(key)
        if event.cause in (Cause.OPENED, Cause.REJECTED):
            self._begin(order, key, note)
        kept = self.keep.order(key)
        if event.fill is not None:
            self._book(event, kept)
        if order.status in _ENDED:
            self.keep.ended[key] = time.age_ns
            if self.keep.live_ids.get((order.account, kept.client_id)) == key:
                del self.keep.live_ids[order.account, kept.client_id]
            if order.status is OrderStatus.FILLED and kept.attached:
                self._filled.append((order, kept))

    def _begin(self, order: OrderState, key: tuple[str, int], note: object) -> None:
        """Write down what an order came with: that of the conditional order that led to it, or its own."""
        algo = self.keep.algo_of.get(order.conditional_id) if order.conditional_id else None
        if algo is not None:
            self.keep.orders[key] = _note_of(algo)
        elif isinstance(note, OrderNote) and order.origin is OrderOrigin.USER and note.last_fill is None:
            self.keep.orders[key] = note
        kept = self.keep.order(key)
        if not kept.leverage_centi:
            kept.leverage_centi = self.engine.leverage_centi(order.account, order.instrument)
            isolated = self.engine.margin_mode(order.account, order.instrument) is MarginMode.ISOLATED
            kept.td_mode = "isolated" if isolated else "cross"
        if kept.client_id == "" and algo is None:
            kept.client_id = order.client_id
        if kept.client_id:
            self.keep.live_ids[order.account, kept.client_id] = key

    def _book(self, event: OrderChanged, kept: OrderNote) -> None:
        fill = event.fill
        if fill is None:
            return
        mark = self.engine.mark_nano_ticks(fill.instrument, fill.at_ns)
        index = self.engine.index_ticks(fill.instrument) * 10**9
        kept.fee_atoms += fill.fee_atoms
        kept.pnl_atoms += fill.realized_atoms
        kept.steps[event.order.filled_lots] = (kept.fee_atoms, kept.pnl_atoms)
        kept.last_fill = fill
        entry = self.statement.note_fill(event)
        if entry is not None:
            self.prices_at[entry.number] = (mark, index)
        self.positions.note_fill(fill, forced=event.order.origin in FORCED)

    def hear_algo(self, event: ConditionalChanged, command: Command, note: object, time: VenueTime) -> None:
        """A conditional order is now so."""
        waiting = event.conditional
        if event.cause is ConditionalCause.OPENED and isinstance(note, Algo):
            self.keep.begin(note, waiting)
        algo = self.keep.algo_of.get(waiting.conditional_id)
        if algo is not None and waiting.status is not ConditionalStatus.WAITING and not algo.ended_age_ns:
            algo.ended_age_ns = time.age_ns

    def hear_money(self, event: BalanceChanged, command: Command, note: object, time: VenueTime) -> None:
        """A wallet changed."""
        super().hear_money(event, command, note, time)
        self.statement.note(event)
        self.positions.note_money(event)

    def hear_position(self, event: PositionChanged, command: Command, note: object, time: VenueTime) -> None:
        """A position is now so."""
        super().hear_position(event, command, note, time)
        self.positions.note_position(event.position)

    def hear_forgotten(self, event: Forgotten, command: Command, note: object, time: VenueTime) -> None:
        """The engine let go of what is old; so does the desk."""
        self.keep.forget(event.orders, event.conditionals)
        row = self.limits.named("forget-all")
        before_ns = time.true_ns - row.limit * row.interval_s * 10**9
        self.statement.forget(before_ns)
        kept = {entry.number for account in self.accounts for entry in self.statement.of(account.name)}
        self.prices_at = {number: prices for number, prices in self.prices_at.items() if number in kept}
        self.cash.forget(before_ns)

    # --- finding ------------------------------------------------------------------------------------------------------

    def listing(self, spelling: str) -> Listing:
        """An instrument by the venue's spelling. Raises `VenueError`."""
        listing = self.listings.get(spelling)
        if listing is None:
            raise VenueError("instrument")
        return listing

    def spelled(self, order: OrderState) -> str:
        """An order's id on the wire."""
        return order_id(self.keep.number((order.instrument, order.order_id)))

    def find_order(self, account: str, spelled: str, client_id: str) -> OrderState | None:
        """An order by its id, or else by its client id: the live one, or the newest."""
        key = self.keep.key_of(serial_of(spelled)) if spelled else self.keep.live_ids.get((account, client_id))
        if key is not None:
            order = self.engine.order(account, *key)
            return order if order is not None and order.account == account else None
        return None if spelled else self._newest(account, client_id)

    def _newest(self, account: str, client_id: str) -> OrderState | None:
        found = [
            order
            for order in self.engine.orders(account)
            if self.keep.order((order.instrument, order.order_id)).client_id == client_id
        ]
        return found[-1] if found else None

    def find_algo(self, account: str, spelled: str, client_id: str) -> Algo | None:
        """A conditional order by its id, or else the newest by its client id."""
        if spelled:
            algo = self.keep.algo_of.get(conditional_of(spelled))
            return algo if algo is not None and algo.account == account else None
        named = [one for one in self.keep.algos.values() if one.account == account and one.client_id == client_id]
        return named[-1] if named and client_id else None

    def waiting_of(self, algo: Algo) -> dict[str, ConditionalState]:
        """What waits, or waited, in the engine for a conditional order."""
        found = {
            name: self.engine.conditional(algo.account, algo.instrument, one) for name, one in algo.waiting.items()
        }
        return {name: state for name, state in found.items() if state is not None}

    def forgotten(self, order: OrderState, time: VenueTime) -> bool:
        """Whether the venue knows an order no more: canceled without a fill, after two hours."""
        ended_ns = self.keep.ended.get((order.instrument, order.order_id))
        row = self.limits.named("forget-unfilled")
        old = ended_ns is not None and time.age_ns - ended_ns > row.interval_s * 10**9
        return old and not order.filled_lots

    def cancel_after(self, account: str, age_ns: int | None) -> None:
        """Cancel all orders of an account when its countdown runs out; None stops it."""
        self.count_down(account, "", age_ns)


def _nothing(order: OrderState, note: OrderNote, time: VenueTime) -> None:
    """Nothing waits yet."""


def _note_of(algo: Algo) -> OrderNote:
    """The note on the order that a conditional one leads to."""
    return OrderNote(
        td_mode=algo.td_mode,
        leverage_centi=algo.leverage_centi,
        client_id=algo.order_client_id,
        tag=algo.tag,
        algo_id=algo.algo_id,
        algo_client_id=algo.client_id,
    )


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class Call(Struct, frozen=True):
    """Who asks what, and when."""

    desk: Desk
    account: Account
    """The caller; on public endpoints, where nobody is identified, the account under test."""
    parameters: Parameters
    time: VenueTime
    rows: tuple[Parameters, ...] = ()
    """What was sent as a list."""
    expires_ms: int | None = None
    """`expTime`: a request for orders is not carried out later."""

    def listing(self, name: str = "instId") -> Listing:
        """The instrument of a parameter that must be there. Raises `VenueError`."""
        return self.desk.listing(self.parameters.text(name))
