"""What is known of orders beyond what the venue tells each time, by the ids that it names them by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

from msgspec import structs

from venueproof_adapters.kit.recent import Recent
from venueproof_contracts.model import Intent, Order, OrderType, TriggerKind

_HELD_FOR_S = 5.0
"""By then the account was asked for."""

Fee = tuple[Decimal, str]


class Known:
    """Ids, wishes and fees. Streams may leave out the client's id, and say of an order that went no more than its id.

    Nothing the venue shows of an order tells a market order from a limit order that may not wait, or which one is
    post-only; what we sent does.
    """

    def __init__(self) -> None:
        self._client_ids: Recent[str, str] = Recent()
        self._instruments: Recent[str, str] = Recent()
        self._wishes: Recent[tuple[str, str], Intent] = Recent(20_000)
        self._sent_ns: Recent[str, int] = Recent(20_000)
        self._fees: Recent[str, Fee] = Recent()
        self._held: Recent[str, list[tuple[float, Callable[[], None]]]] = Recent(1_000)
        self.protected: set[str] = set()
        """Instruments on which orders that may take are held back for a moment."""

    # --- orders ---

    def name(self, venue_id: str, instrument: str, client_id: str | None) -> str:
        """Learn an order's instrument, and its client id where it is told; its client id, empty while unknown."""
        self._instruments[venue_id] = instrument
        if client_id:
            self._client_ids[venue_id] = client_id
        return self._client_ids.get(venue_id, "")

    def unnamed(self, venue_id: str) -> str:
        """The same where the venue would have told a client id: an order without one has none."""
        return self._client_ids.setdefault(venue_id, "")

    def client_id(self, venue_id: str) -> str | None:
        """The client id of an order; None while nobody told."""
        return self._client_ids.get(venue_id)

    def instrument(self, venue_id: str) -> str | None:
        """Where an order is."""
        return self._instruments.get(venue_id)

    def wish(self, client_id: str, intent: Intent, at_ns: int) -> None:
        """Remember what is sent, and when."""
        self._wishes[intent.instrument, client_id] = intent
        self._sent_ns[client_id] = at_ns

    def sent_ns(self, client_id: str) -> int:
        """When an order was sent; 0 for one that this process did not send."""
        return self._sent_ns.get(client_id, 0)

    def wished(self, order: Order, client_id: str) -> Order:
        """The order with what the venue does not show of it."""
        wish = self._wishes.get((order.ref.instrument, client_id))
        if wish is None:
            return order
        market = wish.type is OrderType.MARKET
        if wish.trigger is not None and order.ref.conditional:
            trailing = wish.trigger.kind is TriggerKind.TRAILING
            trigger = wish.trigger if trailing or order.trigger is None else order.trigger
            return structs.replace(order, type=wish.type, trigger=trigger, price=None if market else order.price)
        return structs.replace(
            order,
            type=wish.type,
            price=None if market else order.price,
            time_in_force=wish.time_in_force,
            post_only=wish.post_only,
        )

    # --- what came too early ---

    def hold(self, venue_id: str, again: Callable[[], None]) -> None:
        """Keep something that cannot be told before more is known of an order."""
        self._held.setdefault(venue_id, []).append((asyncio.get_running_loop().time(), again))

    def holds(self, venue_id: str) -> bool:
        """Whether something is kept for an order."""
        return venue_id in self._held

    def told(self, venue_id: str) -> None:
        """An order is told of: do what was held for it, once that is heard. What is old says nothing of it any more."""
        if held := self._held.pop(venue_id, ()):
            loop = asyncio.get_running_loop()
            for since_s, again in held:
                if loop.time() - since_s < _HELD_FOR_S:
                    loop.call_soon(again)

    # --- fees ---

    def pay(self, fill_id: str, fee: Decimal | None, asset: str | None) -> None:
        """Learn what an execution cost."""
        if fee is not None and asset is not None:
            self._fees[fill_id] = (fee, asset)

    def fee(self, fill_id: str) -> Fee | tuple[None, None]:
        """What an execution cost, as far as it was told."""
        return self._fees.get(fill_id, (None, None))
