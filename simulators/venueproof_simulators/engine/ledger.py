"""Whose money and positions: accounts, wallets, holdings. Every change keeps each asset's total over all accounts.

A position is booked by what its lots cost in atoms: `wallet − signed entry cost`, summed over all accounts, does not
change when two of them trade, whatever the rounding, because both sides book the same atoms. Counterparties that are
no users are accounts like others; they have all the money they need.
"""

from __future__ import annotations

from venueproof_simulators.engine.commands import OpenAccount
from venueproof_simulators.engine.instruments import ASSET_DECIMALS, ContractKind, Instrument
from venueproof_simulators.engine.orders import Order
from venueproof_simulators.engine.state import FillState, MarginMode, PositionSide, PositionState

MAKER = "market-maker"
STRANGERS = "strangers"
FEES = "fees"
FUNDING = "funding"
INSURANCE = "insurance"
ROUNDING = "rounding"
COUNTERPARTIES = (MAKER, STRANGERS, FEES, FUNDING, INSURANCE, ROUNDING)
"""Accounts that every engine has from the start and no user may open."""

_NET, _ISOLATED = PositionSide.NET, MarginMode.ISOLATED

PPM = 1_000_000
NANO = 10**9


class UnknownAccountError(LookupError):
    """No account of this name was opened."""


class Worth:
    """What one tick of one lot is worth in atoms of the settle asset, as a fraction; and the mark price.

    Raises `ValueError` for inverse contracts, whose worth is not proportional to the price.
    """

    __slots__ = ("denominator", "mark", "numerator")

    def __init__(self, instrument: Instrument, mark: int) -> None:
        if instrument.kind is not ContractKind.LINEAR:
            raise ValueError(f"{instrument.name}: the engine has no {instrument.kind} contracts, list linear ones only")
        unit = instrument.tick * instrument.lot * instrument.contract_size
        self.numerator, self.denominator = unit.scaleb(ASSET_DECIMALS).as_integer_ratio()
        self.mark = mark
        """In ticks. The market keeps it at the base price."""

    def atoms(self, value: int) -> int:
        """Atoms of a sum of ticks × lots, rounded down."""
        return value * self.numerator // self.denominator

    def atoms_up(self, value: int) -> int:
        """Atoms of a sum of ticks × lots, rounded up."""
        return -(-value * self.numerator // self.denominator)


class Leg:
    """One position: its signed lots, and what they cost."""

    __slots__ = (
        "carry_atoms",
        "entry_atoms",
        "entry_nano_ticks",
        "entry_value",
        "isolated_atoms",
        "lots",
        "realized_atoms",
        "updated_ns",
    )

    def __init__(self) -> None:
        self.lots = 0
        self.entry_atoms = 0
        self.entry_nano_ticks = 0
        """Average entry price as of the last trade that opened or added; means nothing when flat."""
        self.entry_value = 0
        """ticks × lots of the open lots; rounded when a part is closed, which is why money is kept in atoms."""
        self.isolated_atoms = 0
        self.realized_atoms = 0
        self.carry_atoms = 0
        """Fees paid minus profit realized since the position was flat."""
        self.updated_ns = 0

    def trade(self, lots: int, value: int, atoms: int) -> int:
        """Book signed `lots` that cost `atoms` (`value` in ticks × lots); returns the profit realized."""
        held = self.lots
        if not held:
            self.carry_atoms = 0
        if held * lots >= 0:
            self.lots = held + lots
            self.entry_value += value
            self.entry_atoms += atoms
            return 0
        closed = min(abs(held), abs(lots))
        closed_atoms = atoms * closed // abs(lots)
        gained = closed_atoms - self._leave(closed)
        realized = gained if held > 0 else -gained
        self.realized_atoms += realized
        self.carry_atoms -= realized
        if closed < abs(lots):
            self.trade(lots + held, value * (abs(lots) - closed) // abs(lots), atoms - closed_atoms)
        return realized

    def _leave(self, lots: int) -> int:
        """Take `lots` (unsigned) out; returns what they had cost."""
        held = abs(self.lots)
        cost = self.entry_atoms * lots // held
        self.entry_atoms -= cost
        self.entry_value -= (2 * self.entry_value * lots + held) // (2 * held)
        self.isolated_atoms -= self.isolated_atoms * lots // held
        self.lots += -lots if self.lots > 0 else lots
        return cost


Figures = tuple[int, int, int, int, int]
"""In atoms: what a holding takes from the free money of its asset (negative when its profit exceeds its margin);
initial margin of its position, of its orders; unrealized profit; maintenance margin.
"""


class Holding:
    """What one account has and does in one instrument: settings, orders, fills, position."""

    __slots__ = (
        "account",
        "buy_value",
        "by_client_id",
        "figures",
        "figures_mark",
        "fills",
        "instrument",
        "leverage",
        "live",
        "margin_mode",
        "net",
        "orders",
        "reduce_only",
        "sell_value",
        "shown",
        "worth",
    )

    def __init__(self, account: Account, instrument: Instrument, worth: Worth) -> None:
        self.account = account
        self.instrument = instrument
        self.worth = worth
        self.leverage = instrument.leverage_start
        self.margin_mode = MarginMode.CROSS
        self.net = Leg()
        self.orders: dict[int, Order] = {}
        self.live: dict[int, Order] = {}
        self.reduce_only: dict[int, Order] = {}
        """The live orders that may only reduce."""
        self.by_client_id: dict[str, Order] = {}
        """The newest order of each client id."""
        self.fills: list[FillState] = []
        self.buy_value = 0
        """ticks × lots of live orders to buy, reduce-only ones left out."""
        self.sell_value = 0
        self.figures: Figures = (0, 0, 0, 0, 0)
        self.figures_mark = 0
        """The mark price for which `figures` were worked out; 0 when they must be worked out again."""
        self.shown = False
        """Whether it ever had settings or a position of its own."""

    def count_open(self, sign: int, value: int) -> None:
        """Open orders of a side grew by `value` (ticks × lots); negative shrinks them."""
        self.figures_mark = 0
        if sign > 0:
            self.buy_value += value
        else:
            self.sell_value += value

    def trade(self, lots: int, value: int, atoms: int) -> int:
        """Book signed `lots` on the position; an isolated one locks in margin for what is new. Returns the profit."""
        leg = self.net
        held = leg.lots
        self.figures_mark = 0
        realized = leg.trade(lots, value, atoms)
        if leg.lots * lots > 0:
            cost = self.worth.numerator * abs(leg.lots)
            leg.entry_nano_ticks = (2 * leg.entry_atoms * self.worth.denominator * NANO + cost) // (2 * cost)
            if self.margin_mode is _ISOLATED:
                entered = atoms if held * lots >= 0 else leg.entry_atoms
                leg.isolated_atoms += -(-entered // self.leverage)
        return realized

    def position(self) -> PositionState:
        """The position as it stands, frozen."""
        leg = self.net
        return PositionState(
            self.account.name,
            self.instrument.name,
            _NET,
            leg.lots,
            leg.entry_value,
            self.margin_mode,
            self.leverage,
            leg.isolated_atoms,
            leg.realized_atoms,
            leg.updated_ns,
            leg.entry_nano_ticks if leg.lots else 0,
            self.unrealized_atoms(),
            self.break_even_nano_ticks(),
        )

    def unrealized_atoms(self) -> int:
        """Profit or loss at the mark price."""
        leg, worth = self.net, self.worth
        gained = worth.atoms(abs(leg.lots) * worth.mark) - leg.entry_atoms
        return -gained if leg.lots < 0 else gained

    def break_even_nano_ticks(self) -> int:
        """Entry price plus, for a long, what fees and realized losses since flat add to it; 0 when flat."""
        leg, worth = self.net, self.worth
        if not leg.lots:
            return 0
        cost = leg.entry_atoms + (leg.carry_atoms if leg.lots > 0 else -leg.carry_atoms)
        return cost * worth.denominator * NANO // (worth.numerator * abs(leg.lots))


class Account:
    """One owner of money and positions."""

    __slots__ = ("by_asset", "fills", "holdings", "name", "orders", "pools", "user", "wallets")

    def __init__(self, name: str, user: bool) -> None:
        self.name = name
        self.user = user
        self.wallets: dict[str, int] = {}
        self.pools: dict[str, str] = {}
        """Asset → the pool that holds it."""
        self.holdings: dict[str, Holding] = {}
        self.by_asset: dict[str, list[Holding]] = {}
        self.orders: list[Order] = []
        self.fills: list[FillState] = []

    def hold(self, instrument: Instrument, worth: Worth) -> Holding:
        """The holding in an instrument, made when there is none yet."""
        holding = self.holdings.get(instrument.name)
        if holding is None:
            holding = self.holdings[instrument.name] = Holding(self, instrument, worth)
            self.by_asset.setdefault(instrument.settle, []).append(holding)
            self.wallets.setdefault(instrument.settle, 0)
            self.pools.setdefault(instrument.settle, "")
        return holding


class Ledger(dict[str, Account]):
    """All accounts by name, counterparties included. Looking up a name nobody opened raises `UnknownAccountError`."""

    def __init__(self) -> None:
        super().__init__({name: Account(name, user=False) for name in COUNTERPARTIES})
        self._fees = self[FEES].wallets
        self._rounding = self[ROUNDING].wallets

    def __missing__(self, name: str) -> Account:
        raise UnknownAccountError(f"no account {name!r}: open it with OpenAccount first")

    def open(self, command: OpenAccount) -> Account:
        """Open an account. Raises `ValueError` for a name in use, an asset in no pool or two, a shared pool."""
        if command.account in self:
            raise ValueError(f"account {command.account!r} is open already")
        account = Account(command.account, user=True)
        for pool in command.pools:
            if pool.shared:
                raise ValueError(f"pool {pool.name!r}: pools whose assets share their margin are not offered")
            for asset in pool.assets:
                if asset in account.pools:
                    raise ValueError(f"asset {asset} stands in two pools of {command.account!r}")
                account.pools[asset] = pool.name
                account.wallets[asset] = 0
        for asset, atoms in command.money.items():
            if asset not in account.pools:
                raise ValueError(f"asset {asset} stands in no pool of {command.account!r}")
            account.wallets[asset] = atoms
        self[command.account] = account
        return account

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
                leg, asset = holding.net, holding.instrument.settle
                totals[asset] += -leg.entry_atoms if leg.lots > 0 else leg.entry_atoms
        return {asset: atoms for asset, atoms in totals.items() if atoms}
