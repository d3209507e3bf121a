"""One figure for everything that an engine holds: two engines that were told the same have the same."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import json

from venueproof_simulators.engine.floor import Floor
from venueproof_simulators.engine.ledger import COUNTERPARTIES

if TYPE_CHECKING:
    from venueproof_simulators.engine.engine import Engine


def digest(engine: Engine, floor: Floor) -> str:
    """SHA-256 over everything that later commands depend on and everything that can be read."""
    return sha256(json.encode([_account_state(engine, floor), _market_state(engine, floor)])).hexdigest()


def _account_state(engine: Engine, floor: Floor) -> list[object]:
    names = [name for name, account in floor.ledger.items() if account.user]
    return [
        [
            name,
            _settings(floor, name),
            engine.balances(name),
            engine.positions(name),
            engine.orders(name),
            engine.fills(name),
            engine.conditionals(name),
        ]
        for name in names
    ]


def _settings(floor: Floor, name: str) -> list[object]:
    """What an account has set, and which margin calls it was told."""
    account = floor.ledger[name]
    holdings = sorted(account.holdings.items())
    return [
        account.mode,
        account.margin_mode,
        sorted((pool.name, pool.shared) for pool in account.all_pools()),
        sorted(account.called),
        [
            [key, one.margin_mode, one.hedged, one.leverage_centi, [leg.called for leg in one.legs]]
            for key, one in holdings
        ],
        floor.refusals.get(name, []),
    ]


def _market_state(engine: Engine, floor: Floor) -> list[object]:
    touched = [
        market
        for _, market in sorted(floor.markets.items())
        if market.sequence or market.tape.live or market.mark_offset or market.index_offset
    ]
    rows = [
        [
            market.base,
            market.worth.mark,
            market.index,
            market.book(10**6, floor.now_ns),
            market.tape.live,
            market.open_interest_lots,
            market.funding_rate_ppb,
        ]
        for market in touched
    ]
    held = [one.conditional_id for one in floor.conditionals.held]
    delivered = sorted((name, one.delivered_nano_ticks) for name, one in floor.markets.items() if one.delivered)
    rest = [floor.conditionals.holding_back, held, floor.insured, list(floor.instruments), delivered]
    wallets = [
        sorted((asset, atoms) for asset, atoms in floor.ledger[name].wallets.items() if atoms)
        for name in COUNTERPARTIES
    ]
    return [rows, engine.next_due_ns, floor.now_ns, rest, wallets]
