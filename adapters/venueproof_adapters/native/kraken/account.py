"""The venue's answers about the account, and its one setting, in the kit's words.

Leverage and margin mode are one setting here: a contract with a leverage of its own is isolated, every other one is
cross and has all the leverage there is. Source: the vendor's account pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.own import MarginSetting, or_none
from venueproof_adapters.native.kraken import wire
from venueproof_adapters.native.kraken.calls import KrakenOrders
from venueproof_adapters.native.kraken.parse import Parser, asset
from venueproof_adapters.native.kraken.products import Product
from venueproof_adapters.native.kraken.rest import Rest
from venueproof_contracts.errors import Unsupported
from venueproof_contracts.model import Balance, Fill, Instrument, MarginMode, Position, PositionMode

_FILLS_MAX = 100
_FLEX = "flex"


class KrakenAccount:
    """Questions about the account, and its settings."""

    def __init__(self, product: Product, rest: Rest, orders: KrakenOrders, parser: Parser) -> None:
        self.open_orders = orders.open_orders
        self.leverage_max: dict[str, Decimal] = {}
        """By instrument, as its margin ladder begins."""
        self._product = product
        self._rest = rest
        self._parser = parser

    # --- executions ---------------------------------------------------------------------------------------------------

    async def fills(self, instrument: Instrument, since_ns: int | None) -> Sequence[Fill]:
        """GET fills, the last hundred of all contracts without their fees; the history where that is not enough."""
        rows = (await self._rest.ask("fills", wire.Fills)).fills
        listed = [self._parser.fill(row) for row in rows if self._parser.symbol(row.symbol) == instrument.symbol]
        found = {(fill.ref.venue_id, fill.fill_id): fill for fill in listed}
        oldest_ns = min((wire.time_ns(row.fill_time) for row in rows), default=0)
        cut = since_ns is not None and len(rows) >= _FILLS_MAX and oldest_ns > since_ns
        wanted = [fill for fill in listed if since_ns is None or fill.at_ns >= since_ns]
        if cut or any(fill.fee is None for fill in wanted):
            from_ns = since_ns if since_ns is not None else min(fill.at_ns for fill in wanted)
            whole = await or_none(self._executions(instrument, from_ns)) if not cut else None
            whole = await self._executions(instrument, from_ns) if cut else whole
            found |= {(fill.ref.venue_id, fill.fill_id): fill for fill in whole or ()}
        return [fill for fill in found.values() if since_ns is None or fill.at_ns >= since_ns]

    async def _executions(self, instrument: Instrument, since_ns: int) -> list[Fill]:
        fills: list[Fill] = []
        token: str | None = None
        while True:
            page = await self._rest.ask(
                "executions",
                wire.Executions,
                tradeable=instrument.spelling,
                since=since_ns // MS_NS,
                sort="asc",
                continuation_token=token,
            )
            for element in page.elements:
                if event := element.event.get("Execution"):
                    fills += self._parser.execution(event.execution, instrument)
            token = page.continuation_token
            if not token or not page.elements:
                return fills

    # --- positions and balances ---------------------------------------------------------------------------------------

    async def positions(self) -> Sequence[tuple[Position, int]]:
        """GET openpositions. When a row was changed is not told."""
        rows = (await self._rest.ask("positions", wire.Positions)).open_positions
        return [(self._parser.position(row), 0) for row in rows if self._parser.lists(row.symbol)]

    async def margin_settings(self) -> dict[str, MarginSetting]:
        """GET leveragepreferences: the contracts that are isolated."""
        rows = (await self._rest.ask("settings", wire.Leverages)).leverage_preferences
        return {self._parser.symbol(row.symbol): MarginSetting(row.max_leverage, MarginMode.ISOLATED) for row in rows}

    async def balances(self) -> Sequence[tuple[Balance, int]]:
        """GET accounts: what margins the product's contracts. Cash margins nothing, and is left out."""
        accounts = (await self._rest.ask("accounts", wire.Accounts)).accounts
        flex = accounts.get(_FLEX)
        if self._product.flexible and flex is not None:
            rows = flex.currencies.items()
            return [(Balance(asset(name), held.quantity, held.available), 0) for name, held in rows]
        return [(_single(row), 0) for row in accounts.values() if row.type == "marginAccount"]

    # --- settings -----------------------------------------------------------------------------------------------------

    async def set_margin(self, instrument: Instrument, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """PUT or DELETE leveragepreferences. A leverage isolates; isolated without one keeps the one there is."""
        if not self._product.flexible:
            raise Unsupported("the contracts of a coin share that coin's account; nothing is set for one of them")
        name = instrument.spelling
        if mode is MarginMode.CROSS:
            if leverage is not None:
                raise Unsupported("in cross mode there is no leverage to set here; leave it out")
            await self._rest.set("cross", wire.Timed, symbol=name)
            return
        if leverage is None:
            if mode is None or instrument.symbol in await self.margin_settings():
                return
            leverage = self.leverage_max.get(instrument.symbol)
        await self._rest.set("isolate", wire.Timed, symbol=name, maxLeverage=leverage)

    async def set_position_mode(self, mode: PositionMode) -> None:
        """There is one position per contract, always."""
        if mode is not PositionMode.NET:
            raise Unsupported("there is one position per contract here")


def _single(row: wire.AccountRow) -> Balance:
    coin = row.currency or next(iter(row.balances), "")
    return Balance(asset(coin), row.balances.get(coin), row.auxiliary.af)
