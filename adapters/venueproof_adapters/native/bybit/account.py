"""Questions about the account, and its settings. Source: the vendor's account and position pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import MS_NS
from venueproof_adapters.kit.figures import figure
from venueproof_adapters.kit.own import MarginSetting
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.calls import BybitOrders, coins
from venueproof_adapters.native.bybit.parse import Parser, balances, margin_mode
from venueproof_adapters.native.bybit.products import Product
from venueproof_adapters.native.bybit.rest import Rest
from venueproof_contracts.errors import Rejected, Unsupported
from venueproof_contracts.model import Balance, Fill, Instrument, MarginMode, Position, PositionMode

_FILLS_PAGE, _POSITIONS_PAGE = 100, 200
_WEEK_MS = 7 * 86_400_000
_MARGIN_MODE = {MarginMode.CROSS: "REGULAR_MARGIN", MarginMode.ISOLATED: "ISOLATED_MARGIN"}
_POSITION_MODE = {PositionMode.NET: 0, PositionMode.HEDGE: 3}


class BybitAccount:
    """The unified account. Its margin mode is one for all contracts, and its leverage each contract's own."""

    def __init__(
        self,
        product: Product,
        rest: Rest,
        orders: BybitOrders,
        parser: Parser,
        catalog: Catalog,
        decimal_text: Callable[[Decimal], str],
        now_ns: Callable[[], int],
    ) -> None:
        self.open_orders = orders.open_orders
        self._product = product
        self._rest = rest
        self._parser = parser
        self._catalog = catalog
        self._text = decimal_text
        self._now_ns = now_ns

    async def fills(self, instrument: Instrument, since_ns: int | None) -> Sequence[Fill]:
        """GET execution/list, a week at a time."""
        now_ms = self._now_ns() // MS_NS
        start_ms = now_ms - _WEEK_MS if since_ns is None else since_ns // MS_NS
        found: list[Fill] = []
        while start_ms <= now_ms:
            rows = await self._rest.rows(
                "fills",
                wire.ExecutionRow,
                symbol=instrument.spelling,
                startTime=start_ms,
                endTime=start_ms + _WEEK_MS,
                limit=_FILLS_PAGE,
            )
            found += [fill for row in rows if (fill := self._parser.fill(row)) is not None]
            start_ms += _WEEK_MS + 1
        return found

    # --- positions ---

    async def positions(self) -> Sequence[tuple[Position, int]]:
        """GET position/list, all symbols."""
        return [
            (self._parser.position(row), int(figure(row.updated_time) or 0) * MS_NS)
            for row in await self._rows()
            if row.side and row.size
        ]

    async def _rows(self) -> list[wire.PositionRow]:
        """Asked for by settle coin: of a symbol that is misspelled the venue may answer that there is nothing."""
        return [
            row
            for scope in coins(self._product, self._catalog)
            for row in await self._rest.rows("positions", wire.PositionRow, limit=_POSITIONS_PAGE, **scope)
        ]

    async def margin_settings(self) -> dict[str, MarginSetting]:
        """Leverage stands with each position, the margin mode with the account."""
        mode = margin_mode((await self._info()).margin_mode)
        return {
            self._catalog.symbol(row.symbol): MarginSetting(figure(row.leverage), mode) for row in await self._rows()
        }

    async def _info(self) -> wire.AccountInfo:
        return await self._rest.ask("account-info", wire.AccountInfo)

    async def balances(self) -> Sequence[tuple[Balance, int]]:
        """GET account/wallet-balance: late after a fill, and without its time, so that the stream counts more."""
        page = await self._rest.ask("wallet", wire.Wallets, accountType="UNIFIED")
        return [(one, 0) for row in page.rows for one in balances(row)]

    # --- settings ---

    async def set_margin(self, instrument: Instrument, mode: MarginMode | None, leverage: Decimal | None) -> None:
        """Margin mode first, then leverage. A refusal of the second says that the first is done."""
        if mode is not None:
            await self._set_mode(mode)
        if leverage is None:
            return
        text, name = self._text(leverage), instrument.spelling
        try:
            await self._rest.set(
                "leverage",
                wire.Nothing,
                category=self._product.name,
                symbol=name,
                buyLeverage=text,
                sellLeverage=text,
            )
        except Rejected as error:
            if mode is None:
                raise
            told = f"{error}; the margin mode is {mode} now"
            raise Rejected(error.reason, told, code=error.code, text=error.text) from None

    async def _set_mode(self, mode: MarginMode) -> None:
        """Asked for first: the venue refuses what is set already in the same words as what cannot be set."""
        if margin_mode((await self._info()).margin_mode) is not mode:
            await self._rest.set("margin-mode", wire.Nothing, setMarginMode=_MARGIN_MODE[mode])

    async def set_position_mode(self, mode: PositionMode) -> None:
        """POST position/switch-mode, of all contracts of a coin. Those with something open first and each by itself: of
        all together the venue leaves them out without a word."""
        coin = self._product.hedge_coin
        if not coin:
            raise Unsupported("these contracts have one leg")
        for name in sorted(await self._busy(coin)):
            await self._switch(mode, symbol=name)
        await self._switch(mode, coin=coin)

    async def _busy(self, coin: str) -> set[str]:
        held = {row.symbol for row in await self._rest.rows("positions", wire.PositionRow, settleCoin=coin)}
        live = await self._rest.rows("open-orders", wire.OrderRow, settleCoin=coin)
        return held | {row.symbol for row in live}

    async def _switch(self, mode: PositionMode, **scope: str) -> None:
        number = _POSITION_MODE[mode]
        await self._rest.set("position-mode", wire.Nothing, category=self._product.name, mode=number, **scope)
