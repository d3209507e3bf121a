"""An intent as the parameters of `create_order`, in ccxt's unified words."""

from __future__ import annotations

from venueproof_contracts.model import Intent, OffsetUnit, OrderType, TimeInForce, Trigger, TriggerKind


def order_params(intent: Intent, client_id: str) -> dict[str, object]:
    """Everything that is not among the method's own arguments."""
    params: dict[str, object] = {"clientOrderId": client_id}
    if intent.post_only:
        params["postOnly"] = True
    elif intent.type is OrderType.LIMIT and intent.time_in_force is not TimeInForce.GTC:
        params["timeInForce"] = intent.time_in_force.value.upper()
    if intent.reduce_only:
        params["reduceOnly"] = True
    if intent.close_position:
        params["closePosition"] = True
    if intent.position_side is not None:
        params["positionSide"] = intent.position_side.value.upper()
    if intent.trigger is not None:
        params.update(_trigger_params(intent.trigger))
    return params


def _trigger_params(trigger: Trigger) -> dict[str, object]:
    if trigger.kind is TriggerKind.TRAILING:
        word = "trailingPercent" if trigger.offset_unit is OffsetUnit.PERCENT else "trailingAmount"
        return {word: _number(trigger.offset)}
    word = "stopLossPrice" if trigger.kind is TriggerKind.STOP else "takeProfitPrice"
    return {word: _number(trigger.price), "triggerPriceType": trigger.watches.value}


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
