"""Signed orders that trade, on Binance over 32 connections, beside an aiohttp handler that only looks at them.

Ours verifies the signature, charges the budgets, matches, books, tells and journals; the reference reads the body,
checks its HMAC and decodes its JSON. Each server has a process of its own, latency is 0, values are orders a second.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from urllib.parse import urlencode

from figure import of_rounds
from load import flood
from processes import script, serving
from servers.bare_aiohttp import SECRET, SIGNATURE_HEADER

from venueproof.virtual import real_clock

CONNECTIONS = 32
ORDERS = 120
"""A connection sends so many in a round."""
ROUNDS = 7
FLOOR = 0.5
_NUMBERS = itertools.count(1)


def wish() -> dict[str, str]:
    """An order that trades at once with the market maker; buys and sells take turns, so that positions stay small."""
    number = next(_NUMBERS)
    side, price = ("BUY", "62000") if number % 2 else ("SELL", "58000")
    return {
        "symbol": "BTCUSDT",
        "side": side,
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "0.002",
        "price": price,
        "newClientOrderId": f"benchmark-{number}",
    }


def signed_for_binance(key: str, secret: str) -> bytes:
    """One order as Binance wants it."""
    stamp = {"recvWindow": "60000", "timestamp": str(real_clock.time_ns() // 1_000_000)}
    form = urlencode(wish() | stamp)
    signature = hmac.new(secret.encode(), form.encode(), hashlib.sha256).hexdigest()
    body = f"{form}&signature={signature}".encode()
    return written("/fapi/v1/order", f"X-MBX-APIKEY: {key}", "application/x-www-form-urlencoded", body)


def signed_for_reference() -> bytes:
    """One order as the reference wants it."""
    body = json.dumps(wish()).encode()
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    return written("/order", f"{SIGNATURE_HEADER}: {signature}", "application/json", body)


def written(path: str, header: str, content_type: str, body: bytes) -> bytes:
    """A request as bytes."""
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        header,
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def rounds(ours: dict[str, str], bare: dict[str, str]) -> list[tuple[float, float]]:
    """Orders a second, ours and the reference's, in turn; the first round warms up and is left out."""
    found: list[tuple[float, float]] = []
    for _ in range(ROUNDS + 1):
        key, secret = ours["apiKey"], ours["secret"]
        orders = [[signed_for_binance(key, secret) for _ in range(ORDERS)] for _ in range(CONNECTIONS)]
        value = asyncio.run(flood(ours["rest"], orders))
        orders = [[signed_for_reference() for _ in range(ORDERS)] for _ in range(CONNECTIONS)]
        found.append((value, asyncio.run(flood(bare["rest"], orders))))
    return found[1:]


def row() -> dict[str, object]:
    """One line of the benchmark table; values are orders a second."""
    with serving(script("unlimited_binance")) as ours, serving(script("bare_aiohttp")) as bare:
        measured = rounds(ours, bare)
    return of_rounds(measured, FLOOR)


if __name__ == "__main__":
    print(row())
