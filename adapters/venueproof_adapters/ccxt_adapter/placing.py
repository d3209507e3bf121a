"""An intent as the parameters of `create_order`, in ccxt's unified words."""

from __future__ import annotations

from venueproof_contracts.model import (
    Intent,
    OffsetUnit,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
    TriggerPrice,
)


def order_params(intent: Intent, client_id: str, *, directed: bool = False) -> dict[str, object]:
    """Everything that is not among the method's own arguments.

    `directed`: the exchange wants to be told whether a trigger's price is above or below, and takes a stop-loss or
    take-profit price for a stop of a position alone.
    """
    params: dict[str, object] = {"clientOrderId": client_id}
    if intent.post_only:
        params["postOnly"] = True
    elif intent.type is OrderType.LIMIT and intent.time_in_force is not TimeInForce.GTC:
        params["timeInForce"] = intent.time_in_force.value.upper()
    if intent.reduce_only or _closes_leg(intent):
        params["reduceOnly"] = True
    if intent.position_side is not None:
        params["hedged"] = True
    if intent.trigger is not None:
        plain = _directed_params(intent) if directed and not intent.reduce_only else {}
        params.update({**plain, **_watched(intent.trigger)} if plain else _trigger_params(intent.trigger))
    return params


def needs(intent: Intent) -> str:
    """The key of `exchange.has` without which ccxt has no word for an intent; empty for what it always has."""
    trigger = intent.trigger
    if trigger is None or trigger.kind is not TriggerKind.TRAILING:
        return ""
    return "createTrailingPercentOrder" if trigger.offset_unit is OffsetUnit.PERCENT else "createTrailingAmountOrder"


def _closes_leg(intent: Intent) -> bool:
    """In ccxt's words an order of hedge mode closes the leg of the other side when it is reduce-only."""
    opens = PositionSide.LONG if intent.side is Side.BUY else PositionSide.SHORT
    return intent.position_side not in (None, PositionSide.NET, opens)


def _directed_params(intent: Intent) -> dict[str, object]:
    """A stop or take-profit of a plain order; nothing for a trailing one, which knows no price."""
    trigger = intent.trigger
    if trigger is None or trigger.kind is TriggerKind.TRAILING:
        return {}
    rises = (trigger.kind is TriggerKind.STOP) is (intent.side is Side.BUY)
    return {"triggerPrice": _number(trigger.price), "triggerDirection": "ascending" if rises else "descending"}


def _watched(trigger: Trigger) -> dict[str, object]:
    return {} if trigger.watches is TriggerPrice.LAST else {"triggerPriceType": trigger.watches.value}


def _trigger_params(trigger: Trigger) -> dict[str, object]:
    watched = _watched(trigger)
    if trigger.kind is TriggerKind.TRAILING:
        word = "trailingPercent" if trigger.offset_unit is OffsetUnit.PERCENT else "trailingAmount"
        activation = {} if trigger.activation is None else {"trailingTriggerPrice": _number(trigger.activation)}
        return {word: _number(trigger.offset), **activation, **watched}
    word = "stopLossPrice" if trigger.kind is TriggerKind.STOP else "takeProfitPrice"
    return {word: _number(trigger.price), **watched}


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
