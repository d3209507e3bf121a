"""Orders of venues that answer a placement, an amendment or a cancel with no more than that it came in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import cast

import pytest
from msgspec import structs

from venueproof.virtual import run
from venueproof_adapters.kit.amender import Amender
from venueproof_adapters.kit.catalog import Catalog
from venueproof_adapters.kit.clock import SystemClock
from venueproof_adapters.kit.desk import Desk
from venueproof_adapters.kit.ids import IdMap
from venueproof_adapters.kit.ordercalls import OrderCalls, OrderName, Sending, pending
from venueproof_adapters.kit.orders import OrderView, Told, fired, order_key
from venueproof_adapters.kit.parts import Parts
from venueproof_adapters.kit.state import Events, State
from venueproof_contracts.errors import Reason, Rejected
from venueproof_contracts.model import (
    ContractUnit,
    Instrument,
    Intent,
    Order,
    OrderRef,
    OrderStatus,
    OrderType,
    Side,
    Trigger,
    TriggerKind,
)

ONE = Decimal(1)
BTC = Instrument("BTC", "BTC", "linear", "BTC", "USDT", "USDT", ONE, ONE, ONE, ONE, ContractUnit.BASE)
WISH = Intent("wish", "BTC", Side.BUY, OrderType.LIMIT, Decimal(2), Decimal(100))
UUID = "c1f0a7de-0000-4000-8000-00000000abcd"


class Venue:
    """Takes everything in; `becomes` says what the order is at each look, the last for ever."""

    request_lifetime_s = 3.0
    batch_max = 1

    def __init__(self, *becomes: Order | None) -> None:
        self._becomes = list(becomes)
        self.looks = 0

    async def prepare(self, instrument: Instrument, intent: Intent) -> Intent:
        return intent

    async def history(self, instrument: Instrument, conditional: bool) -> Sequence[Told]:
        return []

    async def place(self, sending: Sending) -> OrderName:
        return OrderName(UUID)

    async def amend(self, instrument: Instrument, order: Order, price: Decimal, amount: Decimal) -> OrderName:
        return OrderName(UUID)

    async def cancel(self, instrument: Instrument, name: OrderName) -> OrderName:
        return OrderName(UUID)

    def cannot_amend(self, refusal: Rejected) -> bool:
        return False

    def refusal(self, order: Order) -> Rejected | None:
        return Rejected(Reason.WOULD_CROSS) if order.reason == "would take" else None

    async def query(self, instrument: Instrument, name: OrderName) -> Told:
        assert name.venue_id == UUID
        self.looks += 1
        found = self._becomes.pop(0) if len(self._becomes) > 1 else self._becomes[0]
        if found is None:
            raise Rejected(Reason.UNKNOWN_ORDER)
        return Told(found, "wish")


def order(status: OrderStatus, filled: int = 0, **changes: object) -> Order:
    base = pending(Sending(BTC, "wish", WISH), OrderName(UUID))
    return structs.replace(base, status=status, filled=Decimal(filled), **changes)


def desk_of(venue: Venue) -> tuple[Desk, Amender, State]:
    parts, catalog, clock = Parts(sweeps_leftovers=False), Catalog(), SystemClock()
    catalog.load([BTC])
    state = State(parts, IdMap(r"[a-z]{1,9}", 9), Events(), catalog)
    calls = cast(OrderCalls, venue)
    desk = Desk(parts, clock, clock.wall_ns, calls, catalog, state, lambda _: None)
    return desk, Amender(calls, catalog, state, desk), state


def test_a_placement_that_was_taken_in_is_looked_up() -> None:
    async def main() -> Order:
        desk, _, _ = desk_of(Venue(None, order(OrderStatus.FILLED, 2)))
        return await desk.place(WISH)

    placed = run(main())
    assert (placed.status, placed.filled, placed.ref.venue_id) == (OrderStatus.FILLED, Decimal(2), UUID)


def test_what_was_taken_in_and_turned_away_after_that_is_a_refusal() -> None:
    async def main() -> OrderStatus | None:
        desk, _, state = desk_of(Venue(order(OrderStatus.CANCELED, reason="would take")))
        with pytest.raises(Rejected) as caught:
            await desk.place(WISH)
        assert caught.value.reason is Reason.WOULD_CROSS
        known = state.orders.of_intent("BTC", "wish")
        return known.status if known else None

    assert run(main()) is OrderStatus.CANCELED


def test_what_was_taken_in_and_does_not_show_is_pending_and_not_lost() -> None:
    async def main() -> Order:
        desk, _, _ = desk_of(Venue(None))
        return await desk.place(WISH)

    placed = run(main())
    assert (placed.status, placed.ref.venue_id) == (OrderStatus.PENDING, UUID)


def test_a_cancel_that_was_taken_in_may_come_after_the_last_fill() -> None:
    async def main() -> Order:
        open_, done = order(OrderStatus.OPEN), order(OrderStatus.FILLED, 2)
        desk, _, _ = desk_of(Venue(open_, open_, done))
        placed = await desk.place(WISH)
        return await desk.cancel(placed.ref)

    assert run(main()).status is OrderStatus.FILLED


def test_an_amendment_that_was_taken_in_is_told_when_it_shows() -> None:
    async def main() -> tuple[Order, int]:
        open_ = order(OrderStatus.OPEN)
        venue = Venue(open_, open_, structs.replace(open_, price=Decimal(90), updated_ns=1))
        desk, amender, _ = desk_of(venue)
        placed = await desk.place(WISH)
        return await amender.amend(placed.ref, Decimal(90), None), venue.looks

    amended, looks = run(main())
    assert (amended.price, looks) == (Decimal(90), 3)


def test_an_amendment_that_was_taken_in_and_never_shows_is_refused() -> None:
    async def main() -> None:
        desk, amender, _ = desk_of(Venue(order(OrderStatus.OPEN)))
        placed = await desk.place(WISH)
        with pytest.raises(Rejected, match="not carried out"):
            await amender.amend(placed.ref, Decimal(90), None)

    run(main())


def test_a_conditional_order_that_keeps_its_id_and_what_it_became_are_two() -> None:
    stop = Trigger(TriggerKind.STOP, Decimal(90))
    row = order(OrderStatus.PARTLY_FILLED, 1, trigger=stop, ref=OrderRef("BTC", "wish", UUID))
    before, after = fired(Told(row, "wish"))
    view = OrderView()
    for told in (before, after):
        view.merge(told.order)
    view.became(before.order, order_key(after.order))
    waited, active = view.get(("BTC", UUID, True)), view.get(("BTC", UUID, False))
    assert waited is not None
    assert active is not None
    assert (waited.status, waited.replaced_by, waited.trigger) == (OrderStatus.TRIGGERED, UUID, stop)
    assert waited.filled == 0
    assert (active.status, active.trigger) == (OrderStatus.PARTLY_FILLED, None)
    assert view.shown(active).filled == 1
