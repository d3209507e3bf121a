"""What differs between the products beyond the instruments: next to nothing. One account trades all of them.

Source: the vendor's page on account modes, and ccxt 4.5.90: all of v5 is one trading account with levels.
"""

from __future__ import annotations

from collections.abc import Mapping

SWAP = "SWAP"
INSTRUMENT_TYPES = frozenset({"SPOT", "MARGIN", SWAP, "FUTURES", "OPTION", "EVENTS"})
"""Kinds of instruments that can be asked for; all but swaps are empty lists."""
STREAM_TYPES = INSTRUMENT_TYPES | {"ANY"}
POOL = "trading"
"""The one margin pool of an account."""
MONEY: Mapping[str, int] = {
    "USDT": 100_000 * 10**8,
    "USDC": 100_000 * 10**8,
    "BTC": 2 * 10**8,
    "ETH": 40 * 10**8,
}
"""Every coin of the trading account, with the atoms it begins with."""
DISCOUNTS: Mapping[str, int] = {"USDT": 0, "USDC": 0, "BTC": 20_000, "ETH": 20_000}
"""What is taken off a coin's worth as collateral, in parts per million (multi-currency margin)."""
DOLLARS = frozenset({"USDT", "USDC"})
"""Coins that are taken for a dollar each."""
SPOT_LEVEL, FUTURES_LEVEL, MULTI_LEVEL, PORTFOLIO_LEVEL = "1", "2", "3", "4"
LEVELS = frozenset({SPOT_LEVEL, FUTURES_LEVEL, MULTI_LEVEL})
"""Account levels (`acctLv`) that are built."""
