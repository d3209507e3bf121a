"""Whose money and positions: accounts, wallets, holdings. Every change keeps each asset's total over all accounts.

A position is booked by what its lots cost in atoms: `wallet − signed entry cost`, summed over all accounts, does not
change when two of them trade, whatever the rounding, because both sides book the same atoms. (For inverse contracts
the signs are the other way round: who is long owes coins.) Counterparties that are
no users are accounts like others; they have all the money they need.
"""

from __future__ import annotations

from collections.abc import Callable

from venueproof_simulators.engine.commands import OpenAccount, PoolSpec
from venueproof_simulators.engine.instruments import Instrument
from venueproof_simulators.engine.legs import Leg
from venueproof_simulators.engine.option_worth import OptionWorth
from venueproof_simulators.engine.orders import Order
from venueproof_simulators.engine.state import (
    FillState,
    MarginMode,
    PositionMode,
    PositionSide,
    PositionState,
    WalletState,
)
from venueproof_simulators.engine.worth import NANO, PPM, Fraction, Worth

MAKER = "market-maker"
STRANGERS = "strangers"
FEES = "fees"
FUNDING = "funding"
INSURANCE = "insurance"
ROUNDING = "rounding"
COUNTERPARTIES = (MAKER, STRANGERS, FEES, FUNDING, INSURANCE, ROUNDING)
"""Accounts that every engine has from the start and no user may open."""

_NET, _LONG, _SHORT = PositionSide.NET, PositionSide.LONG, PositionSide.SHORT
_ISOLATED = MarginMode.ISOLATED
_HEDGE = PositionMode.HEDGE


class UnknownAccountError(LookupError):
    """No account of this name was opened."""


Figures = tuple[int, int, int, int, int, int, int]
"""In atoms: what a holding takes from the free money of its asset (negative when its profit exceeds its margin);
initial margin of its position, of its orders; unrealized profit; maintenance margin; of these, what isolated positions
have locked in, and their unrealized profit.
"""


class Purse:
    """What is known of the free money of one account and asset, so that it need not be worked out for each order."""

    __slots__ = ("least_free",)

    def __init__(self) -> None:
        self.least_free = 0
        """So many atoms are free at least; 0 or less when nothing is known, and always in a shared pool.

        Exact when it was last worked out (`checks.check_need`); each order let in since took off what it can need at
        most, and each trade four times its worth, at its own price or at mark, whichever is more: what its lots need,
        how far they are from mark, and a fee of no more than all of it. Whatever else can make money less free (a mark
        price, settings, a payment) sets it to 0.
        """


_BROKEN_ATOMS = 9
"""What of the four terms of a trade is lost by rounding, and more."""


class Holding:
    """What one account has and does in one instrument: settings, orders, fills, position."""

    __slots__ = (
        "account",
        "buy_value",
        "by_client_id",
        "figures",
        "figures_mark",
        "fills",
        "hedged",
        "instrument",
        "leverage_centi",
        "live",
        "long",
        "margin_mode",
        "net",
        "orders",
        "purse",
        "reduce_only",
        "sell_value",
        "short",
        "shown",
        "value_max",
        "worth",
    )

    def __init__(self, account: Account, instrument: Instrument, worth: Worth) -> None:
        self.account = account
        self.purse = account.purse(instrument.settle)
        self.instrument = instrument
        self.worth = worth
        self.leverage_centi = instrument.leverage_start_centi
        self.value_max = worth.value_max(self.leverage_centi)
        """How large a position may become at this leverage."""
        self.margin_mode = account.margin_mode
        self.net = Leg(_NET, worth)
        self.long = Leg(_LONG, worth)
        self.short = Leg(_SHORT, worth)
        self.hedged = account.mode is _HEDGE
        """Whether the long and the short leg are used, or the net one."""
        self.orders: dict[int, Order] = {}
        self.live: dict[int, Order] = {}
        self.reduce_only: dict[int, Order] = {}
        """The live orders that may only reduce."""
        self.by_client_id: dict[str, Order] = {}
        """The newest order of each client id."""
        self.fills: list[FillState] = []
        self.buy_value = 0
        """Value of live orders to buy at their own prices, reduce-only ones left out."""
        self.sell_value = 0
        self.figures: Figures = (0, 0, 0, 0, 0, 0, 0)
        self.figures_mark = 0
        """The mark price for which `figures` were worked out; 0 when they must be worked out again."""
        self.shown = False
        """Whether it ever had settings or a position of its own."""

    def count_open(self, sign: int, value: int) -> None:
        """Open orders of a side grew by a value; a negative one shrinks them."""
        self.figures_mark = 0
        if sign > 0:
            self.buy_value += value
        else:
            self.sell_value += value

    def forget(self) -> None:
        """Position or settings changed: the figures must be worked out again."""
        self.figures_mark = self.purse.least_free = 0

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs that the position mode uses."""
        return (self.long, self.short) if self.hedged else (self.net,)

    @property
    def flat(self) -> bool:
        """Whether no leg holds anything."""
        return not (self.net.lots or self.long.lots or self.short.lots)

    def leg(self, side: PositionSide) -> Leg | None:
        """A leg by its side; None when the position mode does not use it."""
        return next((leg for leg in self.legs if leg.side is side), None)

    def trade(self, leg: Leg, lots: int, value: int, atoms: int) -> int:
        """Book signed `lots` on a leg; an isolated one locks in margin for what is new. Returns the profit."""
        if self.margin_mode is _ISOLATED:
            self.forget()
            return leg.trade(lots, value, atoms, self.leverage_centi)
        self.figures_mark = 0
        marked = abs(lots) * self.worth.lot_value
        self.purse.least_free -= 4 * (atoms if marked <= value else self.worth.atoms(marked)) + _BROKEN_ATOMS
        return leg.trade(lots, value, atoms, 0)

    def position(self, leg: Leg) -> PositionState:
        """A leg as it stands, frozen."""
        return PositionState(
            self.account.name,
            self.instrument.name,
            leg.side,
            leg.lots,
            leg.entry_value if self.worth.direction > 0 else leg.entry_nano_ticks * abs(leg.lots) // NANO,
            self.margin_mode,
            self.leverage_centi,
            leg.isolated_atoms,
            leg.realized_atoms,
            leg.updated_ns,
            leg.entry_nano_ticks if leg.lots else 0,
            leg.unrealized_atoms(),
            leg.break_even_nano_ticks(),
            leg.settled_atoms,
        )


class OptionHolding(Holding):
    """The same in an option: always cross margin and one net leg, and the whole price moves when it is traded."""

    __slots__ = ("option_worth",)

    def __init__(self, account: Account, instrument: Instrument, worth: OptionWorth) -> None:
        super().__init__(account, instrument, worth)
        self.option_worth = worth
        self.margin_mode, self.hedged = MarginMode.CROSS, False

    def count_open(self, sign: int, value: int) -> None:
        """Open orders of a side grew by a value. What they need is not worked out beforehand."""
        super().count_open(sign, value)
        self.forget()

    def trade(self, leg: Leg, lots: int, value: int, atoms: int) -> int:
        """Book signed `lots` on the leg. Returns the profit; what is paid is all of `atoms`."""
        self.forget()
        return leg.trade(lots, value, atoms, 0)


def holding_of(account: Account, instrument: Instrument, worth: Worth) -> Holding:
    """An empty holding, by the kind of the instrument."""
    if isinstance(worth, OptionWorth):
        return OptionHolding(account, instrument, worth)
    return Holding(account, instrument, worth)


PriceOf = Callable[[str], Fraction]
"""What one of an asset is worth in dollars."""


def _alike(asset: str) -> Fraction:
    """Every asset is worth the same."""
    return 1, 1


class Pool:
    """Assets that stand side by side, each for its own positions, or when shared all together for all of them."""

    __slots__ = ("haircuts", "isolates", "name", "shared")

    def __init__(self, spec: PoolSpec) -> None:
        self.name = spec.name
        self.haircuts = dict(spec.assets)
        """Asset → how much less than its price it counts when shared, in parts per million."""
        self.shared = spec.shared
        self.isolates = spec.isolates
        """Whether positions may have margin of their own even when shared."""


_NO_POOL = Pool(PoolSpec("", {}))


class Account:
    """One owner of money and positions."""

    __slots__ = (
        "by_asset",
        "called",
        "fills",
        "holdings",
        "margin_mode",
        "mode",
        "name",
        "orders",
        "pools",
        "price_of",
        "purses",
        "sharing",
        "user",
        "wallets",
    )

    def __init__(self, name: str, user: bool, price_of: PriceOf) -> None:
        self.name = name
        self.user = user
        self.price_of = price_of
        self.mode = PositionMode.NET
        """What an instrument starts with that was never touched; `margin_mode` likewise."""
        self.margin_mode = MarginMode.CROSS
        self.wallets: dict[str, int] = {}
        self.pools: dict[str, Pool] = {}
        """Asset → the pool that holds it."""
        self.sharing = False
        """Whether any of the pools is shared."""
        self.called: set[str] = set()
        """Assets and shared pools for whose cross positions a margin call was told, and nothing has eased since."""
        self.holdings: dict[str, Holding] = {}
        self.by_asset: dict[str, list[Holding]] = {}
        self.purses: dict[str, Purse] = {}
        self.orders: list[Order] = []
        self.fills: list[FillState] = []

    def hold(self, instrument: Instrument, worth: Worth) -> Holding:
        """The holding in an instrument, made when there is none yet."""
        holding = self.holdings.get(instrument.name)
        if holding is None:
            holding = self.holdings[instrument.name] = holding_of(self, instrument, worth)
            self.by_asset.setdefault(instrument.settle, []).append(holding)
            self.wallets.setdefault(instrument.settle, 0)
            self.pools.setdefault(instrument.settle, _NO_POOL)
        return holding

    def purse(self, asset: str) -> Purse:
        """What is known of the free money of an asset."""
        return self.purses.setdefault(asset, Purse())

    def all_pools(self) -> list[Pool]:
        """The pools, each once."""
        return list({pool.name: pool for pool in self.pools.values() if pool is not _NO_POOL}.values())

    def pool_name(self, asset: str) -> str:
        """The pool that holds an asset; empty for none."""
        return self.pools.get(asset, _NO_POOL).name

    def wallet(self, asset: str, now_ns: int) -> WalletState:
        """The money of one asset as it stands, frozen."""
        pool = self.pools.get(asset, _NO_POOL)
        return WalletState(self.name, pool.name, asset, self.wallets.get(asset, 0), now_ns)


class Ledger(dict[str, Account]):
    """All accounts by name, counterparties included. Looking up a name nobody opened raises `UnknownAccountError`."""

    def __init__(self, price_of: PriceOf = _alike) -> None:
        super().__init__({name: Account(name, user=False, price_of=price_of) for name in COUNTERPARTIES})
        self._price_of = price_of
        self._fees = self[FEES].wallets
        self._rounding = self[ROUNDING].wallets

    def __missing__(self, name: str) -> Account:
        raise UnknownAccountError(f"no account {name!r}: open it with OpenAccount first")

    def open(self, command: OpenAccount) -> Account:
        """Open an account. Raises `ValueError` for a name in use, an asset in no pool or two."""
        if command.account in self:
            raise ValueError(f"account {command.account!r} is open already")
        account = Account(command.account, user=True, price_of=self._price_of)
        for pool in map(Pool, command.pools):
            account.sharing |= pool.shared
            for asset in pool.haircuts:
                if asset in account.pools:
                    raise ValueError(f"asset {asset} stands in two pools of {command.account!r}")
                account.pools[asset] = pool
                account.wallets[asset] = 0
        for asset, atoms in command.money.items():
            if asset not in account.pools:
                raise ValueError(f"asset {asset} stands in no pool of {command.account!r}")
            account.wallets[asset] = atoms
        self[command.account] = account
        return account

    def users(self) -> list[Account]:
        """The accounts that are no counterparties, in the order in which they were opened."""
        return [account for account in self.values() if account.user]

    def charge(self, account: Account, asset: str, atoms: int, fee_ppm: int) -> int:
        """Take a fee on `atoms` (a negative rate gives one); returns it, rounded up.

        The fees account books it rounded down, the rounding account the atom between.
        """
        exact = atoms * fee_ppm
        fee, booked = -(-exact // PPM), exact // PPM
        account.wallets[asset] -= fee
        self._fees[asset] = self._fees.get(asset, 0) + booked
        if fee != booked:
            self._rounding[asset] = self._rounding.get(asset, 0) + fee - booked
        return fee

    def totals(self) -> dict[str, int]:
        """Each asset's wallets and positions at cost, over all accounts; only money from outside moves it."""
        totals: dict[str, int] = {}
        for account in self.values():
            for asset, atoms in account.wallets.items():
                totals[asset] = totals.get(asset, 0) + atoms
            for holding in account.holdings.values():
                totals[holding.instrument.settle] -= sum(leg.signed_entry_atoms() for leg in holding.legs)
        return {asset: atoms for asset, atoms in totals.items() if atoms}
