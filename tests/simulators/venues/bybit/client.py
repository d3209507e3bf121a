"""A client that talks to the venue in values: signs like the vendor's own, opens sessions, reads what comes out."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import msgspec
from tests.simulators.venues.support.client import ADDRESS, START_NS, VenueClient, changed

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.venue import HttpReply, HttpRequest, Profile
from venueproof_simulators.venues.bybit.venue import BybitVenue, build

CREATE = "/v5/order/create"


class Client(VenueClient[BybitVenue]):
    """One venue, one account, and the clocks of both."""

    origin = "api"
    instrument = "BTCUSDT"

    def __init__(self, profile: Profile = Profile.VENDOR, seed: int = 7, pace: Pace = Pace.STILL) -> None:
        super().__init__(build(seed=seed, profile=profile, pace=pace, start_ns=START_NS))

    # --- REST ---

    def public(self, path: str, **parameters: Any) -> Any:
        """The whole envelope of a public question."""
        return msgspec.json.decode(self.request("GET", f"/v5/{path}", urlencode(parameters)).body)

    def get(self, path: str, **parameters: Any) -> Any:
        """The result of a public question that must succeed."""
        return result(self.public(path, **parameters))

    def headers(self, payload: str, **changes: str) -> dict[str, str]:
        """What the venue's page says a client must send."""
        stamp = changes.get("stamp") or str(self.time().wire_ms)
        window = changes.get("window", "5000")
        text = f"{stamp}{self.keys['apiKey']}{window}{payload}"
        return {
            "x-bapi-api-key": self.keys["apiKey"],
            "x-bapi-timestamp": stamp,
            "x-bapi-recv-window": window,
            "x-bapi-sign": hmac.new(self.keys["secret"].encode(), text.encode(), hashlib.sha256).hexdigest(),
        }

    def signed(self, method: str, path: str, **parameters: Any) -> HttpReply:
        """A signed request: a JSON body for POST, a query otherwise."""
        if method == "POST":
            body = msgspec.json.encode(parameters)
            return self.request("POST", path, body=body, headers=self.headers(body.decode()))
        query = urlencode(parameters)
        return self.request("GET", path, query, headers=self.headers(query))

    def envelope(self, method: str, path: str, **parameters: Any) -> Any:
        """What a signed request is answered."""
        reply = self.signed(method, f"/v5/{path}", **parameters)
        assert reply.status == 200, reply.body
        return msgspec.json.decode(reply.body)

    def ask(self, path: str, **parameters: Any) -> Any:
        """The result of a signed question that must succeed."""
        return result(self.envelope("GET", path, **parameters))

    def post(self, path: str, **parameters: Any) -> Any:
        """The result of a signed demand that must succeed."""
        return result(self.envelope("POST", path, **parameters))

    def refused(self, path: str, method: str = "POST", **parameters: Any) -> tuple[int, str]:
        """Code and text of a signed request that must fail."""
        answer = self.envelope(method, path, **parameters)
        assert answer["retCode"] != 0, answer
        assert answer["result"] == {}
        return answer["retCode"], answer["retMsg"]

    def place(self, **changes: Any) -> str:
        """The id of an order that must be taken in: a passive limit order, changed where wanted."""
        self.wait(0.11)
        return str(self.post("order/create", **order(**changes))["orderId"])

    def market(self, side: str = "Buy", qty: str = "0.01", **changes: Any) -> str:
        """The id of a market order that must be taken in."""
        return self.place(side=side, qty=qty, orderType="Market", price=None, **changes)

    def shown(self, order_id: str, **more: Any) -> Any:
        """The row of an order, open or closed a moment ago."""
        (row,) = self.ask("order/realtime", **{"category": "linear", "orderId": order_id, **more})["list"]
        return row

    def position(self, symbol: str = "BTCUSDT", category: str = "linear") -> Any:
        """The first row of a position."""
        return self.ask("position/list", category=category, symbol=symbol)["list"][0]

    # --- sockets ---

    def open(self, path: str, query: str = "", origin: str = "stream") -> int:
        """Open a session, which must be let in; returns its number."""
        handshake = HttpRequest(origin, "GET", path, query, {}, b"", ADDRESS)
        return self.admit(handshake)

    def answer(self, session: int, frame: object) -> Any:
        """The first thing that is heard after a frame."""
        self.take(session)
        self.send(session, frame)
        return self.take(session)[0]

    def login(self, session: int, **changes: str) -> Any:
        """Log in on a private or trade connection; returns the answer."""
        expires = changes.get("expires") or str(self.time().wire_ms + 10_000)
        text = f"GET/realtime{expires}"
        signature = hmac.new(self.keys["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
        args = [changes.get("key", self.keys["apiKey"]), expires, changes.get("signature", signature)]
        return self.answer(session, {"op": "auth", "args": args})

    def subscribe(self, session: int, *topics: str) -> Any:
        """Subscribe; returns the answer, and leaves what follows to be taken."""
        self.take(session)
        self.send(session, {"op": "subscribe", "req_id": "7", "args": list(topics)})
        answer, *rest = self.heard[session]
        self.heard[session] = rest
        return msgspec.json.decode(answer)

    def listen(self, *topics: str) -> int:
        """A private session that hears these topics."""
        session = self.open("/v5/private")
        assert self.login(session)["success"]
        assert self.subscribe(session, *topics)["success"]
        return session

    def watch(self, *topics: str, category: str = "linear") -> int:
        """A public session that hears these topics."""
        session = self.open(f"/v5/public/{category}")
        assert self.subscribe(session, *topics)["success"]
        return session

    def rows(self, session: int, topic: str) -> list[Any]:
        """The rows of one topic that a session heard since the last call; the others are dropped."""
        return [row for message in self.take(session) if message.get("topic") == topic for row in message["data"]]


def result(envelope: Any) -> Any:
    """What stands in an envelope of success."""
    assert envelope["retCode"] == 0, envelope
    return envelope["result"]


def order(**changes: object) -> dict[str, Any]:
    """A passive limit order, changed where wanted; None leaves a parameter out."""
    usual: dict[str, object] = {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "qty": "0.01",
        "price": "59000",
    }
    return changed(usual, changes)


def stop(**changes: object) -> dict[str, Any]:
    """A stop to sell at market below the price, changed where wanted."""
    usual = order(side="Sell", orderType="Market", price=None, triggerPrice="58000", triggerDirection=2)
    return changed(usual, changes)
