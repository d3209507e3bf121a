"""A client that talks to the venue in values: signs like the vendor's own, opens sessions, reads what comes out."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import msgspec

from venueproof_simulators.engine.commands import Command, SetPrice
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.venue import CloseSession, HttpReply, HttpRequest, Message, Profile, VenueTime
from venueproof_simulators.venues.bybit.venue import BybitVenue, build

START_NS = 1_795_521_900_000_000_000
"""2026-11-24T12:05:00Z."""
SECOND_NS = 10**9
ADDRESS = "127.0.0.1"
CREATE = "/v5/order/create"


class Client:
    """One venue, one account, and the clocks of both."""

    def __init__(self, profile: Profile = Profile.VENDOR, seed: int = 7, pace: Pace = Pace.STILL) -> None:
        self.venue: BybitVenue = build(seed=seed, profile=profile, pace=pace, start_ns=START_NS)
        self.now_ns = START_NS
        self.skew_ns = 0
        self.aged_ns = 0
        self.keys = dict(self.venue.credentials)
        self.heard: dict[int, list[str]] = {}
        self.closed: list[CloseSession] = []
        self.messages: list[Message] = []
        self._woken_at = -1

    # --- time ---

    def time(self) -> VenueTime:
        """The venue's clocks."""
        return VenueTime(self.now_ns, self.now_ns + self.skew_ns, self.now_ns + self.aged_ns)

    def wait(self, seconds: float) -> None:
        """Let time go by; the venue is woken whenever it wants to be."""
        until_ns = self.now_ns + int(seconds * SECOND_NS)
        while (due_ns := self.venue.next_due_ns(self.time())) is not None and due_ns <= until_ns:
            assert due_ns > self.now_ns or self._woken_at != due_ns, "the venue wants to be woken again and again"
            self._woken_at = due_ns
            self.now_ns = max(self.now_ns, due_ns)
            self.venue.advance(self.time())
            self.collect()
        self.now_ns = until_ns
        self.venue.advance(self.time())
        self.collect()

    # --- REST ---

    def request(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        origin: str = "api",
        address: str = ADDRESS,
    ) -> HttpReply:
        """One request as bytes."""
        request = HttpRequest(origin, method, path, query, headers or {}, body, address)
        self.venue.classify(request)
        reply = self.venue.handle(request, self.time())
        self.collect()
        return reply

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

    def move(self, price: str, symbol: str = "BTCUSDT") -> None:
        """Move the market through every price up to this one, and let what fires become orders."""
        self.command(SetPrice(symbol, self.venue.desk.listings[symbol].tick.count(price) or 0))
        self.wait(0.1)

    def command(self, command: Command) -> list[Event]:
        """Tell the engine something from behind."""
        events = self.venue.command(command, self.time())
        self.collect()
        return events

    # --- sockets ---

    def open(self, path: str, query: str = "", origin: str = "stream") -> int:
        """Open a session, which must be let in; returns its number."""
        number = len(self.heard) + 1
        handshake = HttpRequest(origin, "GET", path, query, {}, b"", ADDRESS)
        refusal = self.venue.open(number, handshake, self.time())
        assert refusal is None, refusal
        self.heard[number] = []
        self.collect()
        return number

    def send(self, session: int, frame: object) -> None:
        """Send a frame: text or bytes as they are, anything else as JSON."""
        raw = frame if isinstance(frame, str | bytes) else msgspec.json.encode(frame).decode()
        self.venue.classify_frame(session, raw)
        self.venue.receive(session, raw, self.time())
        self.collect()

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

    def take(self, session: int) -> list[Any]:
        """What a session heard since the last call, decoded."""
        taken, self.heard[session] = self.heard[session], []
        return [msgspec.json.decode(text) for text in taken]

    def rows(self, session: int, topic: str) -> list[Any]:
        """The rows of one topic that a session heard since the last call; the others are dropped."""
        return [row for message in self.take(session) if message.get("topic") == topic for row in message["data"]]

    def collect(self) -> None:
        """Take what the venue wants to send, and sort it by session."""
        for outgoing in self.venue.take_outgoing():
            if isinstance(outgoing, Message):
                self.messages.append(outgoing)
                for session in outgoing.sessions:
                    self.heard[session].append(str(outgoing.payload))
            elif isinstance(outgoing, CloseSession):
                self.closed.append(outgoing)


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
    return {name: value for name, value in (usual | changes).items() if value is not None}


def stop(**changes: object) -> dict[str, Any]:
    """A stop to sell at market below the price, changed where wanted."""
    usual = order(side="Sell", orderType="Market", price=None, triggerPrice="58000", triggerDirection=2)
    return {name: value for name, value in (usual | changes).items() if value is not None}
