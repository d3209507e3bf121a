"""A listening adapter at a simulated venue, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Literal

import pytest
from msgspec import structs

from venueproof.simulation import SimulatedVenue, simulate
from venueproof.virtual import run
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.native import make_adapter_with
from venueproof_contracts.actions import AnyAction, Operation
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.bench import WireKind
from venueproof_contracts.fold import Fold
from venueproof_contracts.model import Channel, Endpoint, Intent, Order, OrderType, PositionSide, Side

PARTS = Parts()
SYMBOL = "BTC/USDT:USDT"
PROFILES: tuple[Literal["vendor", "field"], ...] = ("vendor", "field")
ProfileName = Literal["vendor", "field"]
each_venue = pytest.mark.parametrize("at", ["binance", "bybit"])
"""Those whose contracts the amounts of these stories are good for."""
each_profile = pytest.mark.parametrize("profile", PROFILES)


class Desk:
    """An adapter that listens, and its simulated venue."""

    def __init__(self, venue: SimulatedVenue, adapter: Adapter, symbol: str, endpoint: Endpoint) -> None:
        self.venue = venue
        self.endpoint = endpoint
        self.symbol = symbol
        self.adapter = adapter
        self.fold = Fold()
        self.bid = Decimal(0)
        self._count = 0

    async def hear(self) -> None:
        while True:
            self.fold.hear(await self.adapter.next_event())

    async def do(self, *actions: AnyAction) -> None:
        for action in actions:
            await self.venue.bench.do(action)

    def wish(self, price: Decimal | None = None, amount: str = "0.04", *, post_only: bool = False) -> Intent:
        self._count += 1
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        return Intent(
            f"wish-{self._count}", self.symbol, Side.BUY, kind, Decimal(amount), price=price, post_only=post_only
        )

    def below(self, percent: int) -> Decimal:
        return (self.bid * (100 - percent) / 100).quantize(Decimal(1))

    async def rest(self, percent: int = 2, amount: str = "0.04", *, post_only: bool = False) -> Order:
        return await self.adapter.place(self.wish(self.below(percent), amount, post_only=post_only))

    async def live(self) -> list[tuple[Decimal | None, Decimal]]:
        truth = await self.venue.bench.truth()
        return [(order.price, order.amount - order.filled) for order in truth.live_orders()]

    async def view_is_true(self) -> None:
        """Orders, fills, position and balance that were heard are the venue's."""
        truth = await self.venue.bench.truth()
        orders = [*self.fold.orders.values(), *self.fold.conditionals.values()]
        heard = {_named(order): order for order in orders}
        for order in truth.orders:
            if _named(order) in heard:
                assert heard[_named(order)].status.final == order.status.final
        assert {_named(order) for order in truth.live_orders()} == {
            name for name, order in heard.items() if not order.status.final
        }
        assert sorted(fill.fill_id for fill in self.fold.fills) == sorted(fill.fill_id for fill in truth.fills)
        held = sum((position.amount for position in truth.positions), Decimal(0))
        told = self.fold.positions.get((self.symbol, PositionSide.NET))
        assert (told.amount if told else 0) == held
        settle = self.symbol.partition(":")[2]
        heard_wallet = self.fold.balances[settle].wallet
        wallet = next(one.wallet for one in truth.balances if one.asset == settle)
        assert heard_wallet is not None
        assert wallet is not None
        assert abs(heard_wallet - wallet) < Decimal("1e-7")

    def requests(self, operation: Operation) -> int:
        rows = self.venue.bench.wire()
        return sum(row.kind is WireKind.REQUEST and row.operation is operation for row in rows)


def _named(order: Order) -> tuple[str | None, bool]:
    return order.ref.venue_id, order.ref.conditional


@asynccontextmanager
async def desk_at(
    profile: ProfileName,
    *,
    listening: bool = True,
    parts: Parts = PARTS,
    symbol: str = SYMBOL,
    at: str = "binance",
    seed: int = 3,
) -> AsyncGenerator[Desk]:
    """An adapter at a venue of its own; of the inverse product where the symbol is one of that."""
    async with simulate(at, seed=seed, profile=profile) as venue:
        product = "linear" if ":USD" in symbol else "inverse"
        endpoint = structs.replace(venue.endpoint(), product=product)
        adapter = make_adapter_with(endpoint, venue.credentials, parts)
        await adapter.start()
        desk = Desk(venue, adapter, symbol, endpoint)
        desk.bid = (await adapter.book(symbol, 5)).bids[0].price
        hearing = asyncio.create_task(desk.hear())
        if listening:
            await adapter.subscribe(Channel.ACCOUNT, None)
        try:
            yield desk
        finally:
            await adapter.close()
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)


def flow(
    profile: ProfileName,
    story: Callable[[Desk], Awaitable[None]],
    *,
    listening: bool = True,
    parts: Parts = PARTS,
    symbol: str = SYMBOL,
    at: str = "binance",
    seed: int = 3,
) -> None:
    """Run a story in virtual time."""

    async def main() -> None:
        async with desk_at(profile, listening=listening, parts=parts, symbol=symbol, at=at, seed=seed) as desk:
            await story(desk)

    run(main())
