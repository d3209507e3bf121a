"""A client that talks to the venue in values: signs like the vendor's own, opens sessions, reads what comes out."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import msgspec
from tests.simulators.venues.support.client import ADDRESS, START_NS, VenueClient, changed

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.venue import (
    HttpReply,
    HttpRequest,
    Profile,
)
from venueproof_simulators.venues.binance.venue import BinanceVenue, build


class Client(VenueClient[BinanceVenue]):
    """One venue, one account, and the clocks of both."""

    origin = "fapi"
    instrument = "BTCUSDT"

    def __init__(self, profile: Profile = Profile.VENDOR, seed: int = 7, pace: Pace = Pace.STILL) -> None:
        super().__init__(build(seed=seed, profile=profile, pace=pace, start_ns=START_NS))

    # --- REST ---

    def get(self, path: str, **parameters: object) -> Any:
        """A public request that must succeed."""
        reply = self.request("GET", path, urlencode(parameters))
        assert reply.status == 200, reply.body
        return msgspec.json.decode(reply.body)

    def signed_query(self, parameters: dict[str, object]) -> str:
        """Parameters with a timestamp and a signature."""
        stamped = {"timestamp": self.time().wire_ms, **parameters}
        query = urlencode(stamped)
        return f"{query}&signature={self.signature(query)}"

    def signature(self, text: str) -> str:
        """What the venue's page says a client must send."""
        return hmac.new(self.keys["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()

    def signed(self, method: str, path: str, **parameters: object) -> HttpReply:
        """A signed request: form body for POST and PUT, query otherwise."""
        text = self.signed_query(parameters)
        headers = {"x-mbx-apikey": self.keys["apiKey"]}
        if method in {"POST", "PUT"}:
            return self.request(method, path, body=text.encode(), headers=headers)
        return self.request(method, path, text, headers=headers)

    def ask(self, method: str, path: str, **parameters: object) -> Any:
        """A signed request that must succeed."""
        reply = self.signed(method, path, **parameters)
        assert reply.status == 200, reply.body
        return msgspec.json.decode(reply.body)

    def refused(self, method: str, path: str, **parameters: object) -> tuple[int, int]:
        """Status and code of a signed request that must fail."""
        reply = self.signed(method, path, **parameters)
        assert reply.status >= 400, reply.body
        return reply.status, msgspec.json.decode(reply.body)["code"]

    def limit(self, side: str = "BUY", price: object = "59000", quantity: object = "0.010", **more: object) -> Any:
        """A limit order that must be accepted."""
        return self.ask("POST", "/fapi/v1/order", **order(side=side, price=price, quantity=quantity, **more))

    def market(self, side: str = "BUY", quantity: object = "0.010", **more: object) -> Any:
        """A market order that must be accepted."""
        parameters = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": quantity, **more}
        return self.ask("POST", "/fapi/v1/order", **parameters)

    def algo(self, **changes: object) -> Any:
        """A conditional order that must be accepted: a stop below the market, changed where wanted."""
        return self.ask("POST", "/fapi/v1/algoOrder", **stop(**changes))

    # --- the WebSocket API ---

    def open_api(self, query: str = "", surface: str = "fapi") -> int:
        """A connection of the WebSocket API, which must be let in."""
        return self.open(f"/ws-{surface}/v1", query, origin=f"ws-{surface}")

    def call(self, session: int, method: str, **params: object) -> Any:
        """The answer to a frame with these parameters."""
        frame = {"id": f"call-{method.replace('.', '-').replace('/', '-')}", "method": method, "params": params}
        return self.answer(session, frame)

    def answer(self, session: int, frame: object) -> Any:
        """The one answer to a frame."""
        self.send(session, frame)
        (answer,) = self.take(session)
        return answer

    def signed_params(self, **params: object) -> dict[str, object]:
        """Parameters with key, timestamp and signature: sorted, not encoded, truths in small letters."""
        given = {"apiKey": self.keys["apiKey"], "timestamp": self.time().wire_ms, **params}
        text = "&".join(f"{name}={_printed(given[name])}" for name in sorted(given))
        return {**given, "signature": self.signature(text)}

    def call_signed(self, session: int, method: str, **params: object) -> Any:
        """The answer to a signed frame."""
        return self.call(session, method, **self.signed_params(**params))

    # --- streams ---

    def open(self, path: str, query: str = "", session: int = 0, origin: str = "fstream") -> int:
        """Open a session, which must be let in; returns its number."""
        handshake = HttpRequest(origin, "GET", path, query, {}, b"", ADDRESS)
        return self.admit(handshake, session)

    def open_user_stream(self) -> int:
        """A session with the account's events."""
        return self.open("/private/ws", f"listenKey={self.listen_key()}")

    def listen_key(self, method: str = "POST", prefix: str = "/fapi") -> str:
        """Start (or extend) the account's listen key."""
        headers = {"x-mbx-apikey": self.keys["apiKey"]}
        reply = self.request(method, f"{prefix}/v1/listenKey", headers=headers)
        assert reply.status == 200, reply.body
        return str(msgspec.json.decode(reply.body).get("listenKey", ""))

    def subscribe(self, session: int, *names: str) -> Any:
        """Subscribe, and return the acknowledgement."""
        self.send(session, {"method": "SUBSCRIBE", "params": list(names), "id": 1})
        return self.take(session)[0]


def _printed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def order(**parameters: object) -> dict[str, object]:
    """A passive limit order, changed where wanted; None leaves a parameter out."""
    usual: dict[str, object] = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.010",
        "price": "59000",
    }
    return changed(usual, parameters)


def stop(**changes: object) -> dict[str, object]:
    """A stop below the market, changed where wanted; None leaves a parameter out."""
    usual: dict[str, object] = {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "quantity": "0.010",
        "triggerPrice": "58000",
    }
    return changed(usual, changes)


def events(client: Client, session: int, kind: str) -> list[Any]:
    """What a session heard of one kind."""
    return [message["o"] for message in client.take(session) if message["e"] == kind]


def words(*lines: str) -> list[str]:
    """The words of some lines: keys in the order in which a document has them."""
    return [word for line in lines for word in line.split()]
