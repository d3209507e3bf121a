"""What documents and streams alike read out of the engine: figures of orders, positions with their stops, wallets."""

from __future__ import annotations

from msgspec.structs import replace

from venueproof_simulators.engine.conditional_state import ConditionalState, TriggerKind
from venueproof_simulators.engine.events import BalanceChanged
from venueproof_simulators.engine.state import BalanceState, FillState, OrderState, OrderStatus, PositionSide
from venueproof_simulators.host.venue import IdKind, VenueTime
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.venues.bybit.operations.desk import HAIRCUTS_PPM, ISOLATED, PORTFOLIO, Account, Desk
from venueproof_simulators.venues.bybit.wire import account as wire_account
from venueproof_simulators.venues.bybit.wire.executions import execution_row, funding_row
from venueproof_simulators.venues.bybit.wire.numbers import Listing, spelled_id
from venueproof_simulators.venues.bybit.wire.orders import DEACTIVATED_LATE, Figures, order_row, waiting_row
from venueproof_simulators.venues.bybit.wire.positions import Held, position_row

FUNDING_KIND = 3
"""What ids of funding executions are made from; trades and orders have others."""


# --- orders -----------------------------------------------------------------------------------------------------------


def shown_order(desk: Desk, order: OrderState | ConditionalState, time: VenueTime) -> tuple[Document, Figures]:
    """The row of an order, and what it has cost."""
    listing = desk.listings[order.instrument]
    if isinstance(order, ConditionalState):
        row = waiting_row(listing, order, desk.notes.of_waiting(order), time)
        return row | {"orderId": desk.spelled(IdKind.CONDITIONAL, listing.name, order.conditional_id)}, Figures()
    cost = desk.tallies.of_order(order)
    row = order_row(listing, order, desk.notes.of(order), cost, time)
    if order.conditional_id and order.status is OrderStatus.EXPIRED and desk.switches.on(DEACTIVATED_LATE):
        row["orderStatus"] = "Deactivated"
    return row | {"orderId": desk.spelled(IdKind.ORDER, listing.name, order.order_id)}, cost


# --- executions -------------------------------------------------------------------------------------------------------


def execution(desk: Desk, fill: FillState, time: VenueTime) -> Document | None:
    """The row of a fill; None when the engine knows its order no more."""
    order = desk.engine.order(fill.account, fill.instrument, fill.order_id)
    if order is None:
        return None
    listing = desk.listings[fill.instrument]
    kept = desk.tallies.of_fill(fill)
    row = execution_row(listing, order, fill, desk.notes.of(order), kept.left, kept.closed, time)
    return row | {
        "markPrice": listing.plain_price(kept.mark_ticks),
        "orderId": desk.spelled(IdKind.ORDER, listing.name, fill.order_id),
        "execId": desk.spelled(IdKind.TRADE, listing.name, fill.trade_id),
    }


def funding_execution(desk: Desk, paid: BalanceChanged, number: int, time: VenueTime) -> Document:
    """The row of a payment of funding."""
    listing = desk.listings[paid.instrument]
    lots = desk.tallies.held_at(paid.balance.account, listing.name, paid.balance.updated_ns)
    at_ns = paid.balance.updated_ns
    found = [one for one in desk.cash.fundings(listing.name) if one.at_ns <= at_ns]
    nano = found[-1].mark_nano_ticks if found else desk.engine.mark_nano_ticks(listing.name, time.true_ns)
    row = funding_row(listing, paid, lots, listing.mark(nano), time)
    return row | {"execId": spelled_id(FUNDING_KIND, listing.index, number)}


# --- positions --------------------------------------------------------------------------------------------------------


def bound(desk: Desk, account: str, listing: Listing, side: PositionSide) -> dict[str, ConditionalState]:
    """What is bound to the whole of a position: `TakeProfit`, `StopLoss`, `TrailingStop`."""
    found: dict[str, ConditionalState] = {}
    for one in desk.engine.waiting(account, listing.name):
        if one.close_position and one.position_side is side:
            found[desk.notes.of_waiting(one).stop_type] = one
    return found


def shown_position(desk: Desk, account: Account, listing: Listing, side: PositionSide, time: VenueTime) -> Document:
    """The row of a position; flat when there is none."""
    engine = desk.engine
    state = engine.position(account.name, listing.name, side)
    margin = engine.margin(account.name, listing.name, side)
    told = desk.tallies.of_leg(account.name, listing.name, side)
    stops = bound(desk, account.name, listing, side)
    take, stop, trail = (stops.get(name) for name in ("TakeProfit", "StopLoss", "TrailingStop"))
    held = Held(
        position=state,
        margin=margin,
        rank=engine.deleverage_rank(account.name, listing.name, side),
        take_profit=take.trigger_ticks if take else 0,
        stop_loss=stop.trigger_ticks if stop else 0,
        trailing=trail.callback_ticks if trail and trail.trigger is TriggerKind.TRAILING else 0,
        opened_ns=told.opened_ns if state.lots else 0,
        begun_ns=told.begun_ns,
        fees=told.fees,
        before_atoms=told.before_atoms,
        portfolio=account.margin_mode == PORTFOLIO,
    )
    return position_row(listing, held, time)


# --- wallets ----------------------------------------------------------------------------------------------------------


def wallet(desk: Desk, account: Account, known_ns: int | None = None) -> Document:
    """The wallet of an account as REST and the stream tell it; `known_ns`: fills later than that are not known yet."""
    engine = desk.engine
    indexes = {name: engine.index_ticks(name) for name in desk.listings}
    prices = wire_account.index_prices(desk.listings.values(), indexes)
    realized = desk.tallies.realized
    purses = [
        wire_account.Purse(one, prices[one.asset], realized(account.name, one.asset), HAIRCUTS_PPM[one.asset])
        for one in _balances(desk, account, known_ns)
    ]
    return wire_account.wallet_document(purses, isolated=account.margin_mode == ISOLATED)


def _balances(desk: Desk, account: Account, known_ns: int | None) -> list[BalanceState]:
    found = desk.engine.balances(account.name)
    if known_ns is None:
        return found
    unknown = [desk.tallies.changed_since(account.name, one.asset, known_ns) for one in found]
    return [replace(one, wallet_atoms=one.wallet_atoms - atoms) for one, atoms in zip(found, unknown, strict=True)]
