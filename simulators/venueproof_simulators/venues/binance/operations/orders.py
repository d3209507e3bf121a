"""Placing and canceling orders."""

from __future__ import annotations

from collections.abc import Sequence

from venueproof_simulators.engine.conditional_state import ConditionalStatus
from venueproof_simulators.engine.events import Cause, Event, OrderChanged, Refused
from venueproof_simulators.engine.refusals import Refusal
from venueproof_simulators.engine.state import LIVE, OrderState, Side
from venueproof_simulators.host.decimals import fixed, plain
from venueproof_simulators.kit.documents import Document
from venueproof_simulators.kit.notes import as_placed
from venueproof_simulators.kit.parameters import needed
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.binance.operations.desk import Call, Desk
from venueproof_simulators.venues.binance.operations.order_reading import Request, read_request
from venueproof_simulators.venues.binance.operations.restrictions import check_restrictions
from venueproof_simulators.venues.binance.operations.stops import find_stop
from venueproof_simulators.venues.binance.wire.algos import GOOD_TILL
from venueproof_simulators.venues.binance.wire.numbers import Listing
from venueproof_simulators.venues.binance.wire.orders import FORCED, client_id, order_reply, test_reply
from venueproof_simulators.venues.binance.wire.stops import stop_order

ENGINE_WINDOW = "binance.auth.me-recvwindow"
MONEY = "binance.order.reply-with-fill-money"
_OPENED = Cause.OPENED
CANCELED_ALL = {"code": 200, "msg": "The operation of cancel all open order is done."}


# --- placing ----------------------------------------------------------------------------------------------------------


def place(call: Call) -> Document:
    """POST order."""
    request = read_request(call)
    check_restrictions(call, request.command)
    check_engine_window(call)
    events = call.desk.command(request.command, call.time, request.note)
    taken, last = _outcome(call, request, events)
    if request.note.good_till_ms and last.status in LIVE:
        call.desk.expire_at(last, till_age_ns(call, request.note.good_till_ms), GOOD_TILL)
    shown = last if request.show_result else taken
    return order_reply(request.listing, shown, request.note, call.time, paid=tells_money(call))


def tells_money(call: Call) -> bool:
    """Whether answers to place, amend and cancel tell what fills came to, as they did before the integration."""
    return call.desk.switches.on(MONEY)


def till_age_ns(call: Call, good_till_ms: int) -> int:
    """When a goodTillDate comes, on the age clock."""
    return call.time.age_ns + good_till_ms * 1_000_000 - call.time.wire_ns


def place_test(call: Call) -> Document:
    """POST order/test: looks at the parameters and places nothing."""
    request = read_request(call)
    return test_reply(request.listing, as_placed(request.command, call.time), request.note, call.time)


def _outcome(call: Call, request: Request, events: Sequence[Event]) -> tuple[OrderState, OrderState]:
    """The order as it was taken in, and as it stands after all that followed at once. Raises `VenueError`."""
    taken = last = None
    own_id, account = request.command.client_id, call.account.name
    for event in events:
        if type(event) is OrderChanged:
            order = event.order
            if order.client_id == own_id and order.account == account:
                if event.cause is _OPENED and order.instrument == request.listing.name:
                    taken = last = order
                elif last is not None and order.order_id == last.order_id:
                    last = order
        elif type(event) is Refused and event.client_id == own_id and event.account == account:
            raise refusal_error(call, request.listing, request.command.side, event.refusal)
    if taken is None or last is None:
        raise LookupError(f"the engine told nothing of the order {own_id!r}")
    return taken, last


def _raise_refused(call: Call, listing: Listing, side: Side, events: Sequence[Event]) -> None:
    for event in events:
        if isinstance(event, Refused) and event.account == call.account.name:
            raise refusal_error(call, listing, side, event.refusal)


def refusal_error(call: Call, listing: Listing, side: Side, refusal: Refusal) -> VenueError:
    """The venue's word for a refusal of the engine."""
    key = call.desk.errors.for_refusal(refusal).key
    if refusal is Refusal.PRICE_OUT_OF_BAND:
        key = "price-band-high" if side is Side.BUY else "price-band-low"
    mark = listing.mark(call.desk.engine.mark_nano_ticks(listing.name, call.time.true_ns))
    bound = fixed(mark * (1 + side.sign * listing.row.price_band), listing.price_places)
    return VenueError(key, notional=plain(listing.row.notional_min), price=bound, leverage=0)


def check_engine_window(call: Call) -> None:
    """The matching engine looks at the timestamp once more, after the order waited in its queue."""
    if not call.desk.switches.on(ENGINE_WINDOW):
        return
    limits = call.desk.limits
    stamp = call.parameters.integer("timestamp") or 0
    window_ms = call.parameters.integer("recvWindow")
    window_ms = limits.named("recv-window").limit if window_ms is None else window_ms
    if stamp + window_ms < call.time.wire_ms + limits.named("engine-queue").limit:
        raise VenueError("me-recv-window")


# --- one order --------------------------------------------------------------------------------------------------------


def find_order(call: Call, listing: Listing, unknown: str) -> OrderState:
    """The order of `orderId` or `origClientOrderId`. Raises `VenueError(unknown)` when there is none."""
    engine, account = call.desk.engine, call.account.name
    order_id = call.parameters.integer("orderId")
    own_id = call.parameters.optional("origClientOrderId")
    stop = find_stop(call, listing, order_id, own_id)
    order = stop_order(stop) if stop is not None else None
    if order is not None and order.status in LIVE:
        return order
    if order_id is not None:
        order = engine.order(account, listing.name, order_id) or order
    elif own_id is not None:
        order = engine.order_by_client_id(account, listing.name, own_id) or order or _forced(call, listing, own_id)
    else:
        raise VenueError("order-id-missing")
    if order is None or order.account != account or not call.desk.notes.remembers(order, call.time):
        raise VenueError(unknown)
    return order


def _forced(call: Call, listing: Listing, own_id: str) -> OrderState | None:
    """The newest order by which the venue closed a position, by the id that the venue gave it."""
    if "autoclose" not in own_id:
        return None
    forced = [order for order in call.desk.engine.orders(call.account.name, listing.name) if order.origin in FORCED]
    return next((order for order in reversed(forced) if client_id(order) == own_id), None)


def cancel(call: Call) -> Document:
    """DELETE order."""
    listing = call.listing()
    order = find_order(call, listing, "unknown-order-cancel")
    if order.status not in LIVE:
        raise VenueError("unknown-order-cancel")
    stop = find_stop(call, listing, order.order_id, None)
    if stop is not None and stop.status is not ConditionalStatus.WAITING:
        raise VenueError("unknown-order-cancel")
    events = call.desk.cancel(order, call.time) if stop is None else call.desk.cancel_conditional(stop, call.time)
    _raise_refused(call, listing, order.side, events)
    ended = find_order(call, listing, "unknown-order-cancel")
    return order_reply(listing, ended, call.desk.notes.of(order), call.time, paid=tells_money(call))


def cancel_all(call: Call) -> Document:
    """DELETE allOpenOrders."""
    listing = call.listing()
    call.desk.cancel_all(call.account.name, listing.name, call.time)
    return CANCELED_ALL


def count_down(call: Call) -> Document:
    """POST countdownCancelAll: all orders end unless this is called again in time; 0 stops it."""
    listing = call.listing()
    countdown_ms = needed("countdownTime", call.parameters.integer("countdownTime"))
    due_ns = call.time.age_ns + countdown_ms * 1_000_000 if countdown_ms else None
    call.desk.count_down(call.account.name, listing.name, due_ns)
    return {"symbol": listing.name, "countdownTime": str(countdown_ms)}


def state_of(desk: Desk, order: OrderState) -> OrderState:
    """An order as it stands now."""
    return desk.engine.order(order.account, order.instrument, order.order_id) or order
