"""Everything that can be done to a venue behind an adapter's back: one list of values.

`Bench.do`, the control plane over HTTP, scenario files and fault plans all carry these and have no verb of their own.
The `tag` of each is its name on the wire; `POWERS` is the list of names. Amounts and prices are as in `model`;
durations are seconds (`_s`) or milliseconds (`_ms`).
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import get_args

from msgspec import Struct

from venueproof_contracts.errors import Reason
from venueproof_contracts.model import Intent, PositionMode, Side


class Operation(StrEnum):
    """What a request asks for, in words that no venue owns. A matcher names these, never a path."""

    PLACE = "place"
    PLACE_MANY = "place_many"
    AMEND = "amend"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel_all"
    ORDER = "order"
    OPEN_ORDERS = "open_orders"
    ORDER_HISTORY = "order_history"
    FILLS = "fills"
    POSITIONS = "positions"
    BALANCES = "balances"
    SERVER_TIME = "server_time"
    INSTRUMENTS = "instruments"
    TICKER = "ticker"
    BOOK = "book"
    CANDLES = "candles"
    TRADES = "trades"
    FUNDING = "funding"
    OPEN_INTEREST = "open_interest"
    SET_LEVERAGE = "set_leverage"
    SET_MARGIN_MODE = "set_margin_mode"
    SET_POSITION_MODE = "set_position_mode"
    STREAM_CREDENTIAL = "stream_credential"
    OTHER = "other"


class Topic(StrEnum):
    """What a streamed message is about."""

    ORDER = "order"
    FILL = "fill"
    POSITION = "position"
    BALANCE = "balance"
    BOOK = "book"
    TRADE = "trade"
    TICKER = "ticker"
    CANDLE = "candle"
    SESSION = "session"
    """Acknowledgements, expiry notices and other talk about the connection itself."""
    OTHER = "other"


class Matcher(Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages a rule is for. Empty fields match everything.

    The rule acts on matches `skip`+1 … `skip`+`first` (0: all that follow). `contains` must stand in the decoded text.
    """

    operation: Operation | None = None
    topic: Topic | None = None
    instrument: str | None = None
    contains: str = ""
    skip: int = 0
    first: int = 1


class DropManner(StrEnum):
    """How a connection ends."""

    SILENT = "silent"
    """Nothing is said and nothing arrives any more; the socket stays open."""
    RESET = "reset"
    CLOSE = "close"
    """A proper WebSocket close with a code."""


class SessionKind(StrEnum):
    """Which connections an action is for."""

    ALL = "all"
    ACCOUNT = "account"
    MARKET = "market"


class Action(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do"):
    """Base of all actions."""


# --- the market ---------------------------------------------------------------------------------------------------


class SetPrice(Action, frozen=True, tag="set_price"):
    """Move an instrument's base price to `price` at once, through every resting order on the way."""

    instrument: str
    price: Decimal


class Drift(Action, frozen=True, tag="drift"):
    """Let the base price move to `price` in equal steps over `over_s` seconds."""

    instrument: str
    price: Decimal
    over_s: Decimal


class PrintTrade(Action, frozen=True, tag="print_trade"):
    """Let two strangers trade; no resting order is touched."""

    instrument: str
    price: Decimal
    amount: Decimal
    side: Side


class AddLiquidity(Action, frozen=True, tag="add_liquidity"):
    """Let a stranger rest an order; it fills whatever it crosses."""

    instrument: str
    side: Side
    price: Decimal
    amount: Decimal


class Gap(Action, frozen=True, tag="gap"):
    """Jump the base price without trading at the prices between; orders passed over fill at the new price."""

    instrument: str
    price: Decimal


class SetMark(Action, frozen=True, tag="set_mark"):
    """Move an instrument's mark price away from its last price, and the index where it is given; they stay there as
    long as nobody moves them."""

    instrument: str
    price: Decimal
    index: Decimal | None = None


class PayFunding(Action, frozen=True, tag="pay_funding"):
    """Let every position of an instrument pay funding now at `rate`, a fraction of its worth at mark; from longs to
    shorts when it is positive."""

    instrument: str
    rate: Decimal


# --- orders of the account under test ----------------------------------------------------------------------------


class FillOrder(Action, frozen=True, tag="fill"):
    """Fill all that is left of a live order, at its price (a stranger trades against it)."""

    instrument: str
    order_id: str


class PartlyFill(Action, frozen=True, tag="partly_fill"):
    """Fill `amount` contracts of a live order."""

    instrument: str
    order_id: str
    amount: Decimal


class RejectOrders(Action, frozen=True, tag="reject"):
    """Refuse the next `first` orders for `reason`, with the venue's own error."""

    reason: Reason
    first: int = 1


class ExpireOrder(Action, frozen=True, tag="expire"):
    """Let the venue end a live order by itself."""

    instrument: str
    order_id: str


class TriggerOrder(Action, frozen=True, tag="trigger"):
    """Fire a conditional order as if its price had come."""

    instrument: str
    order_id: str


class HoldTriggers(Action, frozen=True, tag="hold_triggers"):
    """While on, conditional orders whose price comes stay on the way to their resulting order; once off they go on."""

    on: bool


# --- the account --------------------------------------------------------------------------------------------------


class NewAccount(Action, frozen=True, tag="new_account"):
    """Open another account with the venue's starting money; the result names it and holds its credentials."""

    name: str


class ActAsOtherClient(Action, frozen=True, tag="act_as_other_client"):
    """Place an order on the account under test that its adapter knows nothing of."""

    intent: Intent


class SetMode(Action, frozen=True, tag="set_mode"):
    """Switch the account between net and hedge mode, as its owner might on the venue's page."""

    mode: PositionMode


class Fund(Action, frozen=True, tag="fund"):
    """Pay in (or, negative, take out) money of the account under test."""

    asset: str
    amount: Decimal


# --- sessions -----------------------------------------------------------------------------------------------------


class Drop(Action, frozen=True, tag="drop"):
    """End connections. New ones are accepted `refuse_s` seconds later."""

    manner: DropManner
    code: int = 1006
    sessions: SessionKind = SessionKind.ALL
    refuse_s: Decimal = Decimal(0)


class Freeze(Action, frozen=True, tag="freeze"):
    """Nothing leaves the venue for `for_s` seconds; afterwards everything does, in order."""

    for_s: Decimal


class ExpireCredential(Action, frozen=True, tag="expire_credential"):
    """End whatever keeps the account's stream alive (listen key, token). `silent`: without a word."""

    silent: bool = True


class SkewVenueClock(Action, frozen=True, tag="skew_venue_clock"):
    """Set the venue's clock `ms` ahead (negative: behind) of true time."""

    ms: int


class StepAdapterClock(Action, frozen=True, tag="step_adapter_clock"):
    """Step the adapter's wall clock by `ms`; its monotonic clock goes on."""

    ms: int


# --- views --------------------------------------------------------------------------------------------------------


class Lag(Action, frozen=True, tag="lag"):
    """Let answers to `operation` tell the state of `by_s` seconds ago, until set to 0."""

    operation: Operation
    by_s: Decimal


class Hold(Action, frozen=True, tag="hold"):
    """Keep streamed messages of `topic` back for `for_s` seconds, then send them in order."""

    topic: Topic
    for_s: Decimal


# --- single messages ----------------------------------------------------------------------------------------------


class DelayMessage(Action, frozen=True, tag="delay"):
    """Send matching replies or streamed messages `by_s` later; what follows on the connection waits for them."""

    match: Matcher
    by_s: Decimal


class DropMessage(Action, frozen=True, tag="drop_message"):
    """Never send matching streamed messages."""

    match: Matcher


class DuplicateMessage(Action, frozen=True, tag="duplicate"):
    """Send matching streamed messages twice."""

    match: Matcher


class ReorderMessages(Action, frozen=True, tag="reorder"):
    """Send a matching streamed message after the one that follows it."""

    match: Matcher


class LoseRequest(Action, frozen=True, tag="lose_request"):
    """Matching requests vanish before they are executed; the connection is reset."""

    match: Matcher


class LoseReply(Action, frozen=True, tag="lose_reply"):
    """Matching requests are executed, their reply is never sent; the connection is reset."""

    match: Matcher


class AnswerError(Action, frozen=True, tag="answer_error"):
    """Answer matching requests with the venue's error for `reason`; `executed` tells whether they act all the same.

    `error` picks a row of the venue's error table by its key instead.
    """

    match: Matcher
    reason: Reason | None = None
    error: str = ""
    executed: bool = False


class Garbage(StrEnum):
    """Ways for an answer to be unreadable."""

    HTML = "html"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    WRONG_SHAPE = "wrong-shape"


class AnswerGarbage(Action, frozen=True, tag="answer_garbage"):
    """Answer matching requests with something that is not the venue's protocol, and HTTP status `status`.

    `executed` tells whether they act all the same. A truncated answer is the venue's own cut short, so they do.
    """

    match: Matcher
    garbage: Garbage = Garbage.HTML
    status: int = 200
    executed: bool = False


# --- the venue ----------------------------------------------------------------------------------------------------


class Ban(Action, frozen=True, tag="ban"):
    """Ban the client's address for `for_s` seconds."""

    for_s: Decimal


class Maintenance(Action, frozen=True, tag="maintenance"):
    """The venue is closed for `for_s` seconds."""

    for_s: Decimal


class EngineRestart(Action, frozen=True, tag="engine_restart"):
    """The matching engine is away for `for_s` seconds; sockets stay open."""

    for_s: Decimal


class Advance(Action, frozen=True, tag="advance"):
    """Let `by_s` seconds go by for bans, expiries, budgets and funding. In real time the clocks stay as they are."""

    by_s: Decimal


class SwitchQuirk(Action, frozen=True, tag="switch_quirk"):
    """Turn one row of the quirk register on or off."""

    quirk: str
    on: bool


AnyAction = (
    SetPrice
    | Drift
    | PrintTrade
    | AddLiquidity
    | Gap
    | SetMark
    | PayFunding
    | FillOrder
    | PartlyFill
    | RejectOrders
    | ExpireOrder
    | TriggerOrder
    | HoldTriggers
    | NewAccount
    | ActAsOtherClient
    | SetMode
    | Fund
    | Drop
    | Freeze
    | ExpireCredential
    | SkewVenueClock
    | StepAdapterClock
    | Lag
    | Hold
    | DelayMessage
    | DropMessage
    | DuplicateMessage
    | ReorderMessages
    | LoseRequest
    | LoseReply
    | AnswerError
    | AnswerGarbage
    | Ban
    | Maintenance
    | EngineRestart
    | Advance
    | SwitchQuirk
)
"""Every action: the type to decode a control-plane body, a scenario step or a fault plan with."""


def action_name(action: Action | type[Action]) -> str:
    """The name of an action on the wire."""
    return str(action.__struct_config__.tag)


ACTION_TYPES: tuple[type[Action], ...] = get_args(AnyAction)
POWERS: frozenset[str] = frozenset(action_name(kind) for kind in ACTION_TYPES)
"""The names of all actions: what a bench may be able to do."""


class ActionResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What an action left behind: the id of a rule, of an order, or the credentials of a new account."""

    rule_id: int | None = None
    order_id: str = ""
    credentials: dict[str, str] = {}
