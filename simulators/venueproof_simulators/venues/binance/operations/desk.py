"""The venue's own state around the engine: accounts and keys, instruments, notes on orders, budgets, listen keys.

`Desk.command` is the only way from an operation to the engine, so that streams hear of everything.
"""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from venueproof_simulators.engine.commands import Command, ExpireConditional, HoldTriggers, OpenAccount, PoolSpec
from venueproof_simulators.engine.conditional_state import ConditionalState
from venueproof_simulators.engine.events import (
    ConditionalChanged,
    Event,
    Forgotten,
    OrderChanged,
    PoolSharingChanged,
)
from venueproof_simulators.host.tokens import token
from venueproof_simulators.host.venue import VenueTime
from venueproof_simulators.kit import accounts, desk
from venueproof_simulators.kit.basis import Basis
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.limits import Budgets
from venueproof_simulators.venues.binance.operations.listen_keys import ListenKeys
from venueproof_simulators.venues.binance.operations.notes import Note, Notes
from venueproof_simulators.venues.binance.operations.parameters import Parameters
from venueproof_simulators.venues.binance.products import PRODUCTS, USD_MARGINED, ProductRules
from venueproof_simulators.venues.binance.wire.numbers import Listing

_DAY_NS = 86_400 * 10**9
_SEED_LETTERS = 32
"""Of so many a private key is made."""
STUCK = "binance.order.algo-stuck-triggering"


class Account(accounts.Account, kw_only=True):
    """One account and its settings."""

    alias: str
    ed25519_key: str
    """A second API key, whose signatures are made with a private key; it can log on to the WebSocket API."""
    ed25519_seed: str
    multi_assets: bool = False
    """Its USDⓈ-M assets carry positions together: as the engine last told."""
    fee_burn: bool = True


class Desk(desk.Desk[Account, Listing]):
    """Everything an operation may touch."""

    def __init__(self, basis: Basis[Listing]) -> None:
        super().__init__(basis)
        self.budgets = Budgets(self.limits, self.switches, self.throttle)
        life_ns = self.limits.named("listen-key-life").interval_s * 10**9
        self.listen_keys = ListenKeys(self.seed, life_ns, self.ages, self.switches)
        self.pairs: dict[str, list[Listing]] = {}
        """The contracts of each pair; that of a USDⓈ-M perpetual is spelled like it."""
        for listing in self.listings.values():
            self.pairs.setdefault(listing.pair, []).append(listing)
        self.notes = Notes(self.limits, self.listings)
        self._ed25519_keys: dict[str, Account] = {}
        self._held = False
        self.hears[OrderChanged] = self.hear_order
        self.hears[ConditionalChanged] = self.hear_algo
        self.hears[PoolSharingChanged] = self.hear_sharing

    # --- accounts ---

    def new_account(self, name: str, time: VenueTime) -> tuple[Account, OpenAccount]:
        """An account with its keys, and the starting money of both products."""
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
        self._ed25519_keys[account.ed25519_key] = account
        return account, OpenAccount(account=name, pools=pools, money=money)

    def account_of_ed25519_key(self, api_key: str) -> Account | None:
        """Who holds an API key of kind Ed25519, if it is one."""
        return self._ed25519_keys.get(api_key)

    def secrets(self) -> list[str]:
        """What must not stand in a journal."""
        seeds = [account.ed25519_seed for account in self.accounts]
        return [*super().secrets(), *seeds, *self.listen_keys.ever]

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

    def prepare(self, time: VenueTime) -> list[Event]:
        """Let conditional orders that fire hang, or go on, where the register says otherwise than before."""
        if self.switches.on(STUCK) is self._held:
            return []
        self._held = not self._held
        return self.engine.apply(HoldTriggers(on=self._held), time.true_ns)

    def hear_order(self, event: OrderChanged, command: Command, note: Note | None, time: VenueTime) -> None:
        """An order is now so."""
        if self.notes.keep(event, command, note, time):
            self.let_live(event.order)

    def hear_algo(self, event: ConditionalChanged, command: Command, note: Note | None, time: VenueTime) -> None:
        """A conditional order is now so."""
        if self.notes.keep_algo(event, command, note, time):
            self.let_conditional_live(event.conditional)

    def expire_conditional_at(self, waiting: ConditionalState, age_ns: int, reason: str) -> None:
        """End a good-till-date conditional order when its time comes; `let_conditional_live` when it ended before."""
        command = ExpireConditional(waiting.instrument, waiting.conditional_id, reason)
        key = ("conditional-good-till", waiting.instrument, waiting.conditional_id)
        self.ages.set(key, age_ns, partial(self.command_away, command))

    def let_conditional_live(self, waiting: ConditionalState) -> None:
        """Expire a conditional order no more."""
        self.ages.clear(("conditional-good-till", waiting.instrument, waiting.conditional_id))

    def hear_forgotten(self, event: Forgotten, command: Command, note: object, time: VenueTime) -> None:
        """The engine let go of what is old; so does the desk."""
        self.notes.forget(event)
        self.cash.forget(time.true_ns - self.limits.named("forget-income").limit * _DAY_NS)

    def hear_sharing(self, event: PoolSharingChanged, command: Command, note: object, time: VenueTime) -> None:
        """An account's assets carry its positions together, or each its own."""
        self.account(event.account).multi_assets = event.shared

    def cancel_all(self, account: str, instrument: str, time: VenueTime) -> None:
        """Cancel all orders on an instrument, and what shows among them."""
        super().cancel_all(account, instrument, time)
        for stop in self.engine.waiting(account, instrument):
            if stop.reserved_id:
                self.cancel_conditional(stop, time)


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
