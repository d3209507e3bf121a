"""What the text of an error is filled in with when nobody says better."""

from __future__ import annotations

BLANKS: dict[str, object] = {
    "parameter": "symbol",
    "symbol": "",
    "stamp": "",
    "api_key": "",
    "signature": "",
    "origin": "",
    "server": 0,
    "window": 5000,
    "days": 7,
    "most": 20,
    "notional": "5",
    "coin": "USDT",
    "orders": 500,
    "leverage": "10",
    "trigger": 0,
    "current": 0,
    "by": "LastPrice",
    "field": "StopLoss",
    "price": 0,
    "side": "Buy",
    "relation": "lower",
    "base": 0,
    "value": "",
}
