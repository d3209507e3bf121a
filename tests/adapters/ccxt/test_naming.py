"""Orders that are known by their client id alone, through ccxt, on venues with words of their own for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

import venueproof
from venueproof_adapters.ccxt_adapter import make_adapter
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import Intent, OrderRef, OrderStatus, OrderType, Side


@pytest.mark.parametrize(
    ("name", "product", "symbol", "amount"),
    [
        ("kraken", "linear", "BTC/USD:USD", "0.02"),
        ("kraken", "inverse", "BTC/USD:BTC", "500"),
        ("bybit", "linear", "BTC/USDT:USDT", "0.010"),
        ("bybit", "inverse", "BTC/USD:BTC", "500"),
        ("okx", "linear", "BTC/USDT:USDT", "1"),
    ],
)
def test_an_order_is_found_and_cancelled_by_its_client_id(name: str, product: str, symbol: str, amount: str) -> None:
    async def main() -> None:
        async with venueproof.simulate(name, seed=7, proxy=True) as venue:
            adapter = make_adapter(venue.endpoint(product), venue.credentials)
            try:
                await adapter.start()
                tick = next(one.price_tick for one in await adapter.instruments() if one.symbol == symbol)
                price = (await venue.bench.market(symbol)).book.bids[0].price * Decimal("0.98") // tick * tick
                for intent_id in ("mine", "other"):
                    await adapter.place(
                        Intent(intent_id, symbol, Side.BUY, OrderType.LIMIT, Decimal(amount), price=price)
                    )
                mine, stray = OrderRef(symbol, "mine"), OrderRef(symbol, "stray")
                found = await adapter.order(mine)
                assert (found.ref.intent_id, found.status) == ("mine", OrderStatus.OPEN)
                for asking in (adapter.order(stray), adapter.cancel(stray)):
                    with pytest.raises(Rejected) as caught:
                        await asking
                    assert caught.value.reason is Reason.UNKNOWN_ORDER
                await adapter.cancel(mine)
                assert [order.ref.intent_id for order in await adapter.open_orders(symbol)] == ["other"]
            finally:
                await adapter.close()

    venueproof.run(main())
