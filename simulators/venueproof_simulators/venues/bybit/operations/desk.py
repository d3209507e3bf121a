"""The venue's own state around the engine: accounts and keys, instruments, notes on orders, budgets.

`Desk.command` is the only way from an operation to the engine, so that streams hear of everything.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from venueproof_simulators.engine.commands import CancelAllConditional, Command, OpenAccount, PoolSpec
from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import (
    BalanceCause,
    BalanceChanged,
    Cause,
    ConditionalChanged,
    Event,
    Forgotten,
    OrderChanged,
)
from venueproof_simulators.engine.state import OrderState, PositionSide
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import IdKind, VenueTime
from venueproof_simulators.kit import accounts, desk
from venueproof_simulators.kit.basis import Basis
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.bybit.limits import Budgets
from venueproof_simulators.venues.bybit.operations.notes import Notes
from venueproof_simulators.venues.bybit.operations.parameters import Parameters
from venueproof_simulators.venues.bybit.operations.tallies import Tallies
from venueproof_simulators.venues.bybit.wire.numbers import Listing, read_id, spelled_id
from venueproof_simulators.venues.bybit.wire.order_notes import OrderNote

POOL = "UNIFIED"
HAIRCUTS_PPM = {"USDT": 0, "USDC": 0, "BTC": 50_000, "ETH": 50_000}
"""What is left out of each coin where it stands as collateral. Source: the vendor's tiers, first step, rounded."""
MONEY = {"USDT": 100_000 * 10**8, "USDC": 100_000 * 10**8, "BTC": 2 * 10**8, "ETH": 40 * 10**8}
"""What an account begins with, in atoms."""
CATEGORIES = ("linear", "inverse")
LIVE, TESTNET, DEMO = "live", "testnet", "demo"
_ELSEWHERE = (TESTNET, DEMO)
REGULAR, ISOLATED, PORTFOLIO = "REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN"
KINDS = {IdKind.ORDER: 1, IdKind.CONDITIONAL: 1, IdKind.TRADE: 2}
"""A conditional order has one id from beginning to end, that of the order it becomes."""
_NET_LEG = (PositionSide.NET,)
_BOTH_LEGS = (PositionSide.LONG, PositionSide.SHORT)
_KEY_LETTERS, _SECRET_LETTERS = 18, 36
_FIRST_NUMBER = 24_617_703
_DAY_NS = 86_400 * 10**9


def environment_of(origin: str) -> str:
    """The environment that an origin is of, by its name."""
    if origin.startswith(DEMO):
        return DEMO
    return TESTNET if origin.endswith("-test") else LIVE


class Account(accounts.Account, kw_only=True):
    """One account and its settings."""

    number: int
    """`userID`."""
    environment: str = LIVE
    """Where its key is good; nowhere else is it known."""
    margin_mode: str = REGULAR
    guard_s: int = 0
    """How long after its last private session is gone its orders are cancelled; 0: never."""
    updated_ms: int = 0


class Desk(desk.Desk[Account, Listing]):
    """Everything an operation may touch."""

    def __init__(self, basis: Basis[Listing]) -> None:
        super().__init__(basis)
        self.budgets = Budgets(basis.limits, self.bans, self.throttle)
        self.notes = Notes()
        self.tallies = Tallies(self.listings)
        self.flushed_ns = 0
        """When closed orders were last lost from memory: the service began anew (true time)."""
        self.filled: Callable[[Desk, OrderChanged, VenueTime], None] | None = None
        """What follows a fill of an order that has stops of its own."""
        self.hears[OrderChanged] = self.hear_order
        self.hears[ConditionalChanged] = self.hear_conditional

    # --- accounts ---

    def new_account(self, name: str, time: VenueTime) -> tuple[Account, OpenAccount]:
        """A new account with its keys, and how it begins in the engine."""
        account = Account(
            name=name,
            api_key=token(self.seed, f"{name}-key", _KEY_LETTERS),
            secret=token(self.seed, f"{name}-secret", _SECRET_LETTERS),
            number=_FIRST_NUMBER + len(list(self.accounts)),
            environment=next((one for one in _ELSEWHERE if name.endswith(f"-{one}")), LIVE),
            updated_ms=time.wire_ms,
        )
        pool = PoolSpec(POOL, HAIRCUTS_PPM, shared=True, isolates=True)
        return account, OpenAccount(account=name, pools=(pool,), money=MONEY)

    def twins(self, account: Account) -> list[Account]:
        """The accounts that its holder has on the testnet and on the demo."""
        return [self.twin(account, f"-{one}") for one in _ELSEWHERE]

    def holder(self, api_key: str, origin: str) -> Account | None:
        """Who holds a key in the environment of an origin; None when nobody does."""
        found = self.accounts.of_key(api_key)
        return found if found is not None and found.environment == environment_of(origin) else None

    def legs(self, account: Account, listing: Listing) -> tuple[PositionSide, ...]:
        """The legs that an account has on an instrument."""
        return _BOTH_LEGS if account.hedges(listing.name) else _NET_LEG

    def cancel_everything(self, account: str, instrument: str, time: VenueTime) -> None:
        """Cancel all live orders of an account on an instrument, or on all (empty), and conditional ones with them."""
        self.cancel_all(account, instrument, time)
        self.command(CancelAllConditional(account, instrument), time)

    def guard(self, account: Account, time: VenueTime) -> None:
        """The last private session of an account is gone: cancel its orders later, unless one is back by then."""
        if account.guard_s:
            due_ns = time.age_ns + account.guard_s * 10**9
            self.ages.set(("guard", account.name), due_ns, partial(self.cancel_everything, account.name, ""))

    def relieve(self, account: Account) -> None:
        """A private session of an account is there (again)."""
        self.ages.clear(("guard", account.name))

    # --- instruments and orders ---

    def listing(self, spelling: str, category: str) -> Listing:
        """An instrument of a category by the venue's spelling. Raises `VenueError`."""
        listing = self.listings.get(spelling)
        if listing is None or listing.category != category:
            raise VenueError("symbol", symbol=spelling[:40])
        return listing

    def listings_of(self, category: str) -> list[Listing]:
        """The instruments of a category."""
        return [listing for listing in self.listings.values() if listing.category == category]

    def spelled(self, kind: IdKind, instrument: str, number: int) -> str:
        """How an id of the engine is spelled on the wire."""
        if kind is IdKind.CONDITIONAL:
            found = (self.engine.conditional(one.name, instrument, number) for one in self.accounts)
            number = next((one.reserved_id for one in found if one is not None), 0)
        return spelled_id(KINDS[kind], self.listings[instrument].index, number)

    def order_named(self, account: str, listing: Listing, text: str) -> OrderState | ConditionalState | None:
        """The order of a wire id, as far as it is one of this account on this instrument.

        One that waits, or ended waiting, is still the conditional order.
        """
        found = read_id(KINDS[IdKind.ORDER], text)
        if found is None or found[0] != listing.index:
            return None
        order = self.engine.order(account, listing.name, found[1])
        if order is not None:
            return order
        number = self.notes.conditional_number(listing.name, found[1])
        return None if number is None else self.engine.conditional(account, listing.name, number)

    def order_linked(self, account: str, listing: Listing, link_id: str) -> OrderState | ConditionalState | None:
        """The newest order of a client's own id."""
        order = self.engine.order_by_client_id(account, listing.name, link_id)
        waiting = self.engine.conditional_by_client_id(account, listing.name, link_id)
        if order is None or waiting is None:
            return order or waiting
        return order if order.created_ns >= waiting.created_ns else waiting

    # --- the engine ---

    def command(self, command: Command, time: VenueTime, note: OrderNote | None = None) -> list[Event]:
        """Tell the engine something; what its fills bring with them follows."""
        events = super().command(command, time, note)
        if self.filled is not None:
            for event in events:
                if isinstance(event, OrderChanged) and event.cause is Cause.FILLED:
                    self.filled(self, event, time)
        return events

    def hear_order(self, event: OrderChanged, command: Command, note: OrderNote | None, time: VenueTime) -> None:
        """An order is now so."""
        self.notes.keep(event, command, note, time)
        self.tallies.note(event, self.engine.mark_ticks(event.order.instrument))

    def hear_conditional(
        self, event: ConditionalChanged, command: Command, note: OrderNote | None, time: VenueTime
    ) -> None:
        """A conditional order is now so."""
        self.notes.keep_waiting(event, command, note, time)

    def hear_forgotten(self, event: Forgotten, command: Command, note: object, time: VenueTime) -> None:
        """The engine let go of what is old; so does the desk."""
        before_ns = time.true_ns - self.limits.named("history-kept").limit * _DAY_NS
        self.notes.forget(event)
        self.tallies.forget(event, before_ns)
        self.cash.forget(before_ns)
        self.budgets.sweep(time)

    def hear_money(self, event: BalanceChanged, command: Command, note: object, time: VenueTime) -> None:
        """A wallet changed."""
        super().hear_money(event, command, note, time)
        if event.cause is BalanceCause.FUNDING:
            self.tallies.note_funding(event)
        elif event.cause is BalanceCause.FILL:
            self.tallies.note_change(event)


class Call(Struct, frozen=True):
    """Who asks what, and when."""

    desk: Desk
    account: Account
    """The caller; on public endpoints, where nobody is identified, the account under test."""
    parameters: Parameters
    time: VenueTime
    granted: int = 1
    """How many items of a batch the budget is enough for."""

    @property
    def engine(self) -> Engine:
        """The state behind the venue."""
        return self.desk.engine

    def category(self, default: str | None = None) -> str:
        """Parameter `category`: one in which something is listed; it must be there unless a default stands for it.
        Raises `VenueError`.
        """
        value = self.parameters.raw("category") or default
        if value not in CATEGORIES:
            raise VenueError("category")
        return value

    def listing(self, default: str | None = None) -> Listing:
        """The instrument of `category` and `symbol`, which must be there. Raises `VenueError`."""
        category = self.category(default)
        return self.desk.listing(self.parameters.text("symbol"), category)

    def listings(self) -> list[Listing]:
        """The instrument asked for, or all of the category. Raises `VenueError`."""
        category = self.category()
        symbol = self.parameters.raw("symbol")
        return self.desk.listings_of(category) if symbol is None else [self.desk.listing(symbol, category)]
