"""The two products as values: whatever differs between USDⓈ-M and COIN-M futures beyond the instruments themselves.

Operations, routes and wire functions exist once, for both. What differs is found in one of three places:

- a field that only one product has: `listing.only_usd(...)` and `listing.only_coin(...)` in `wire/`;
- an error or a cost that is another one: a row of `facts/errors.toml` or `facts/limits.toml` whose key begins with the
  product's name and a colon (`inverse:notional-too-small`) stands there in place of the row without;
- anything else: a field of `ProductRules`.

Source: the vendor's pages of both products; since the integration of 2026-06 an account's limits and its position mode
are shared by both.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class ProductRules(Struct, frozen=True):
    """One product."""

    name: str
    """As in the manifest and in `facts/instruments.toml`."""
    prefix: str
    """What its REST paths begin with."""
    number: int
    """`st` of stream messages."""
    money: Mapping[str, int]
    """Every margin asset that an account lists, with the atoms it begins with."""
    lists_single: bool
    """Tickers answer with a list even for a single symbol."""
    by_pair: bool
    """Lists can be asked for by pair, and `/futures/data` only by pair and contract type."""
    good_till: bool
    """Orders may be good till a date."""
    transactions_as_text: bool
    """`tranId` of income is a string."""
    short_fills: bool
    """Account streams tell of each fill in short (TRADE_LITE) before the long message."""
    alias_in_events: bool
    """Account streams name the account in `i`."""
    all_positions_in_events: bool
    """ACCOUNT_UPDATE lists every position, not only those that changed."""
    old_stops: bool
    """Its order endpoint may still take conditional orders, while the register says so."""
    forced_days: int
    """How far back forceOrders looks where no start is asked for."""
    kline_days_max: int = 0
    """How far the start and end of a kline request may be apart; 0 for any."""
    income_days_max: int = 0
    """The same of income."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Its margin assets."""
        return tuple(self.money)


USD_MARGINED = ProductRules(
    name="linear",
    prefix="/fapi/",
    number=1,
    money={"USDT": 100_000 * 10**8, "USDC": 100_000 * 10**8, "BNB": 0},
    lists_single=False,
    by_pair=False,
    good_till=True,
    transactions_as_text=False,
    short_fills=True,
    alias_in_events=False,
    all_positions_in_events=False,
    old_stops=False,
    forced_days=7,
)
COIN_MARGINED = ProductRules(
    name="inverse",
    prefix="/dapi/",
    number=2,
    money={"BTC": 2 * 10**8, "ETH": 40 * 10**8},
    lists_single=True,
    by_pair=True,
    good_till=False,
    transactions_as_text=True,
    short_fills=False,
    alias_in_events=True,
    all_positions_in_events=True,
    old_stops=True,
    forced_days=90,
    kline_days_max=200,
    income_days_max=365,
)
PRODUCTS = {rules.name: rules for rules in (USD_MARGINED, COIN_MARGINED)}
"""Both, by name."""


def product_of_asset(asset: str) -> ProductRules:
    """The product whose margin asset it is. Raises `LookupError`."""
    return next(rules for rules in PRODUCTS.values() if asset in rules.money)


def product_of_path(path: str) -> ProductRules:
    """The product whose path it is; what belongs to neither is taken for USDⓈ-M."""
    return COIN_MARGINED if path.startswith(COIN_MARGINED.prefix) else USD_MARGINED
