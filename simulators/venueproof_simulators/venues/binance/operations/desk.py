"""The venue's own state around the engine: accounts and keys, instruments, notes on orders, budgets, listen keys.

`Desk.command` is the only way from an operation to the engine, so that streams hear of everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from msgspec import Struct

from venueproof_simulators.engine.commands import (
    Cancel,
    CancelAll,
    CancelConditional,
    Command,
    ExpireConditional,
    ExpireOrder,
    HoldTriggers,
    OpenAccount,
    PayFunding,
    PoolSpec,
)
from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.engine import Engine
from venueproof_simulators.engine.events import (
    BalanceChanged,
    ConditionalChanged,
    Event,
    Forgotten,
    MarginMoved,
    OrderChanged,
    PoolSharingChanged,
    PositionChanged,
    PositionModeChanged,
)
from venueproof_simulators.engine.state import OrderState, PositionMode, PositionSide
from venueproof_simulators.engine.worth import NANO
from venueproof_simulators.host.alarms import Alarms
from venueproof_simulators.host.facts import ErrorTable, Limits
from venueproof_simulators.host.switches import Switches
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit.cashbook import Cashbook, Funding
from venueproof_simulators.kit.fundings import Fundings
from venueproof_simulators.kit.listing import Listing as AnyListing
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.limits import Budgets
from venueproof_simulators.venues.binance.operations.listen_keys import ListenKeys
from venueproof_simulators.venues.binance.operations.notes import Note, Notes
from venueproof_simulators.venues.binance.operations.parameters import Parameters
from venueproof_simulators.venues.binance.products import PRODUCTS, USD_MARGINED, ProductRules
from venueproof_simulators.venues.binance.wire.algos import GOOD_TILL
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import PLAIN_NOTE, Document

_DAY_NS = 86_400 * 10**9
_SEED_LETTERS = 32
"""Of so many a private key is made."""
_NET_LEG = (PositionSide.NET,)
_BOTH_LEGS = (PositionSide.LONG, PositionSide.SHORT)
STUCK = "binance.order.algo-stuck-triggering"


class Account(Struct):
    """One account and its settings."""

    name: str
    api_key: str
    secret: str
    alias: str
    ed25519_key: str
    """A second API key, whose signatures are made with a private key; it can log on to the WebSocket API."""
    ed25519_seed: str
    multi_assets: bool = False
    """Its USDⓈ-M assets carry positions together: as the engine last told."""
    fee_burn: bool = True
    hedged: bool = False
    """Two legs an instrument, long and short: as the engine last told."""

    @property
    def legs(self) -> tuple[PositionSide, ...]:
        """The legs that it has on each instrument."""
        return _BOTH_LEGS if self.hedged else _NET_LEG


def _unheard(events: list[Event], time: VenueTime) -> None:
    """No stream listens yet."""


def _untold(account: str, document: Document, time: VenueTime) -> None:
    """No stream listens yet."""


class Desk:
    """Everything an operation may touch. The host may copy it whole, so nothing here closes over itself."""

    def __init__(
        self,
        *,
        engine: Engine,
        seed: int,
        listings: Iterable[Listing],
        errors: ErrorTable,
        limits: Limits,
        switches: Switches,
    ) -> None:
        self.engine = engine
        self.seed = seed
        self.errors = errors
        self.limits = limits
        self.switches = switches
        self.budgets = Budgets(limits, switches)
        self.ages = Alarms()
        """What is due on the age clock."""
        life_ns = limits.named("listen-key-life").interval_s * 10**9
        self.listen_keys = ListenKeys(seed, life_ns, self.ages, switches)
        self.publish: Callable[[list[Event], VenueTime], None] = _unheard
        self.tell_account: Callable[[str, Document, VenueTime], None] = _untold
        self.listings = {listing.name: listing for listing in listings}
        """Every instrument of both products."""
        self.pairs: dict[str, list[Listing]] = {}
        """The contracts of each pair; that of a USDⓈ-M perpetual is spelled like it."""
        for listing in self.listings.values():
            self.pairs.setdefault(listing.pair, []).append(listing)
        self.notes = Notes(limits, self.listings)
        self._accounts: dict[str, Account] = {}
        self._keys: dict[str, Account] = {}
        self._ed25519_keys: dict[str, Account] = {}
        self.cash = Cashbook()
        self.opened_ns = engine.now_ns
        """When the venue was opened (true time); what was before is history that nobody here took part in."""
        self.fundings = Fundings(self.listings.values(), self._command_away, self._pass_funding, self.opened_ns)
        self._client_ids = 0
        self._held = False

    # --- accounts ---

    def open_account(self, name: str, time: VenueTime) -> Account:
        """An account with the starting money; the same again when there is one of that name."""
        known = self._accounts.get(name)
        if known is not None:
            return known
        account = Account(
            name=name,
            api_key=token(self.seed, f"{name}-key"),
            secret=token(self.seed, f"{name}-secret"),
            alias=token(self.seed, f"{name}-alias", 16),
            ed25519_key=token(self.seed, f"{name}-ed25519-key"),
            ed25519_seed=token(self.seed, f"{name}-ed25519-seed", _SEED_LETTERS),
        )
        pools = tuple(PoolSpec(rules.name, dict.fromkeys(rules.assets, 0)) for rules in PRODUCTS.values())
        money = {asset: atoms for rules in PRODUCTS.values() for asset, atoms in rules.money.items()}
        self.command(OpenAccount(account=name, pools=pools, money=money), time)
        self._accounts[name] = self._keys[account.api_key] = self._ed25519_keys[account.ed25519_key] = account
        self.cash.open(name, money, time.true_ns)
        return account

    def account_of_key(self, api_key: str) -> Account:
        """Who holds an API key. Raises `VenueError`."""
        try:
            return self._keys[api_key]
        except KeyError:
            raise VenueError("api-key-unknown") from None

    def account_of_ed25519_key(self, api_key: str) -> Account | None:
        """Who holds an API key of kind Ed25519, if it is one."""
        return self._ed25519_keys.get(api_key)

    def account(self, name: str) -> Account:
        """An account by name. Raises `LookupError`."""
        return self._accounts[name]

    def secrets(self) -> list[str]:
        """What must not stand in a journal."""
        accounts = self._accounts.values()
        return [secret for one in accounts for secret in (one.secret, one.ed25519_seed)] + list(self.listen_keys.ever)

    # --- instruments and orders ---

    def listing(self, spelling: str, product: ProductRules | None = None) -> Listing:
        """An instrument by the venue's spelling, of one product or of any. Raises `VenueError`."""
        listing = self.listings.get(spelling)
        if listing is None or (product is not None and listing.product.name != product.name):
            raise VenueError("symbol")
        return listing

    def listings_of(self, product: ProductRules) -> list[Listing]:
        """The instruments of a product."""
        return [listing for listing in self.listings.values() if listing.product.name == product.name]

    def product_named(self, parameters: Parameters) -> ProductRules:
        """The product of the pair or symbol that a caller names; USDⓈ-M for an unknown one."""
        found = self.pairs.get(parameters.raw("pair") or "")
        listing = found[0] if found else self.listings.get(parameters.raw("symbol") or "")
        return USD_MARGINED if listing is None else listing.product

    def command(self, command: Command, time: VenueTime, note: Note = PLAIN_NOTE) -> list[Event]:
        """Tell the engine something, note what began and what ended, and let the streams know."""
        events = self._hold_triggers(time)
        events += self.engine.apply(command, time.true_ns)
        for event in events:
            hear = _HEARS.get(type(event))
            if hear is not None:
                hear(self, event, command, note, time)
        if isinstance(command, PayFunding):
            mark = self.engine.mark_nano_ticks(command.instrument, time.true_ns)
            self.cash.note_funding(command.instrument, Funding(time.true_ns, command.rate_ppb, mark))
        self.publish(events, time)
        return events

    def hear_order(self, event: OrderChanged, command: Command, note: Note, time: VenueTime) -> None:
        """An order is now so."""
        if self.notes.keep(event, command, note, time):
            self.ages.clear(("good-till", event.order.instrument, event.order.order_id))

    def hear_algo(self, event: ConditionalChanged, command: Command, note: Note, time: VenueTime) -> None:
        """A conditional order is now so."""
        if self.notes.keep_algo(event, command, note, time):
            algo = event.conditional
            self.ages.clear(("algo-good-till", algo.instrument, algo.conditional_id))

    def hear_forgotten(self, event: Forgotten, command: Command, note: Note, time: VenueTime) -> None:
        """The engine let go of what is old; so does the desk."""
        self.notes.forget(event)
        self.cash.forget(time.true_ns - self.limits.named("forget-income").limit * _DAY_NS)

    def hear_money(self, event: BalanceChanged, command: Command, note: Note, time: VenueTime) -> None:
        """A wallet changed."""
        self.cash.note(event)

    def hear_position(self, event: PositionChanged, command: Command, note: Note, time: VenueTime) -> None:
        """A position is now so."""
        self.fundings.note(event)

    def hear_margin(self, event: MarginMoved, command: Command, note: Note, time: VenueTime) -> None:
        """Margin of a position was moved."""
        self.cash.note_move(event)

    def hear_mode(self, event: PositionModeChanged, command: Command, note: Note, time: VenueTime) -> None:
        """An account has other legs."""
        self._accounts[event.account].hedged = event.mode is PositionMode.HEDGE

    def hear_sharing(self, event: PoolSharingChanged, command: Command, note: Note, time: VenueTime) -> None:
        """An account's assets carry its positions together, or each its own."""
        self._accounts[event.account].multi_assets = event.shared

    def _hold_triggers(self, time: VenueTime) -> list[Event]:
        """Let conditional orders that fire hang, or go on, as the register says."""
        hold = self.switches.on(STUCK)
        if hold is self._held:
            return []
        self._held = hold
        return self.engine.apply(HoldTriggers(on=hold), time.true_ns)

    def order_of(self, algo: ConditionalState) -> OrderState | None:
        """The order that a conditional one led to."""
        return self.engine.order(algo.account, algo.instrument, algo.order_id) if algo.order_id else None

    def next_client_id(self) -> str:
        """A client id for an order that was sent without one."""
        self._client_ids += 1
        return token(self.seed, f"client-id-{self._client_ids}", 22)

    def expire_at(self, order: OrderState, age_ns: int) -> None:
        """End a good-till-date order when its time comes."""
        command = ExpireOrder(instrument=order.instrument, order_id=order.order_id, reason=GOOD_TILL)
        key = ("good-till", order.instrument, order.order_id)
        self.ages.set(key, age_ns, partial(self._command_away, command))

    def expire_algo_at(self, algo: ConditionalState, age_ns: int) -> None:
        """The same of a conditional order."""
        command = ExpireConditional(instrument=algo.instrument, conditional_id=algo.conditional_id, reason=GOOD_TILL)
        key = ("algo-good-till", algo.instrument, algo.conditional_id)
        self.ages.set(key, age_ns, partial(self._command_away, command))

    def _pass_funding(self, listing: AnyListing, at_ns: int, time: VenueTime) -> None:
        """A funding hour came and nobody held a position: it is listed, at the price of then."""
        interval = f"{listing.row.funding_interval_s // 3600}h"
        candles = self.engine.candles(listing.name, interval, time.true_ns, start_ns=at_ns, limit=1)
        mark = next((candle.open * NANO for candle in candles), self.engine.mark_nano_ticks(listing.name, at_ns))
        self.cash.note_funding(listing.name, Funding(at_ns, listing.instrument.funding_rate_ppb, mark))

    def count_down(self, account: str, instrument: str, age_ns: int | None) -> None:
        """Cancel all orders on an instrument when its countdown runs out; None stops it."""
        key = ("countdown", account, instrument)
        if age_ns is None:
            self.ages.clear(key)
        else:
            self.ages.set(key, age_ns, partial(self.cancel_all, account, instrument))

    def cancel_all(self, account: str, instrument: str, time: VenueTime) -> None:
        """Cancel all orders on an instrument, and what shows among them."""
        self.command(CancelAll(account=account, instrument=instrument), time)
        for stop in self.engine.waiting(account, instrument):
            if stop.reserved_id:
                self.cancel_algo(stop, time)

    def cancel_algo(self, algo: ConditionalState, time: VenueTime) -> list[Event]:
        """Cancel one conditional order."""
        return self.command(CancelConditional(algo.account, algo.instrument, algo.conditional_id), time)

    def _command_away(self, command: Command, time: VenueTime) -> None:
        self.command(command, time)

    def cancel(self, order: OrderState, time: VenueTime) -> list[Event]:
        """Cancel one order."""
        command = Cancel(account=order.account, instrument=order.instrument, order_id=order.order_id)
        return self.command(command, time)


_HEARS: dict[type[Event], Callable[[Desk, Any, Command, Note, VenueTime], None]] = {
    Forgotten: Desk.hear_forgotten,
    OrderChanged: Desk.hear_order,
    ConditionalChanged: Desk.hear_algo,
    BalanceChanged: Desk.hear_money,
    PositionChanged: Desk.hear_position,
    MarginMoved: Desk.hear_margin,
    PositionModeChanged: Desk.hear_mode,
    PoolSharingChanged: Desk.hear_sharing,
}
"""What the desk keeps of each kind of event."""


class Call(Struct, frozen=True):
    """Who asks what, and when."""

    desk: Desk
    account: Account
    """The caller; on public endpoints, where nobody is identified, the account under test."""
    parameters: Parameters
    time: VenueTime
    product: ProductRules
    """The product whose path was asked; its instruments are all that the call knows, but for `any_listing`."""

    def listing(self) -> Listing:
        """The instrument of parameter `symbol`, which must be there. Raises `VenueError`."""
        return self.desk.listing(self._symbol(), self.product)

    def any_listing(self) -> Listing:
        """The same, of either product. Raises `VenueError`."""
        return self.desk.listing(self._symbol())

    def _symbol(self) -> str:
        symbol = self.parameters.symbol()
        if symbol is None:
            raise VenueError("missing", parameter="symbol")
        return symbol

    def listing_or_none(self) -> Listing | None:
        """The instrument of parameter `symbol` where one is given. Raises `VenueError`."""
        symbol = self.parameters.symbol()
        return None if symbol is None else self.desk.listing(symbol, self.product)

    def listings(self) -> list[Listing]:
        """The instrument asked for, or all of the product. Raises `VenueError`."""
        one = self.listing_or_none()
        return self.desk.listings_of(self.product) if one is None else [one]

    def listings_or_pair(self) -> list[Listing]:
        """The same, or the contracts of parameter `pair`, which COIN-M futures know. Raises `VenueError`."""
        if self.product.by_pair and self.parameters.has("pair") and not self.parameters.has("symbol"):
            return [listing for listing in self.pair() if listing.product.name == self.product.name]
        return self.listings()

    def pair(self) -> list[Listing]:
        """The contracts of parameter `pair`, which must be there, of either product. Raises `VenueError`."""
        found = self.desk.pairs.get(self.parameters.text("pair"))
        if found is None:
            raise VenueError("pair")
        return found
