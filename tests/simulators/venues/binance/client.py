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
from venueproof_simulators.host.venue import (
    CloseSession,
    HttpReply,
    HttpRequest,
    Message,
    Ping,
    Profile,
    VenueTime,
)
from venueproof_simulators.venues.binance.venue import BinanceVenue, build

START_NS = 1_795_521_900_000_000_000
"""2026-11-24T12:05:00Z."""
SECOND_NS = 10**9
ADDRESS = "127.0.0.1"


class Client:
    """One venue, one account, and the clocks of both."""

    def __init__(self, profile: Profile = Profile.VENDOR, seed: int = 7, pace: Pace = Pace.STILL) -> None:
        self.venue: BinanceVenue = build(seed=seed, profile=profile, pace=pace, start_ns=START_NS)
        self.now_ns = START_NS
        self.skew_ns = 0
        self.aged_ns = 0
        self.keys = dict(self.venue.credentials)
        self.heard: dict[int, list[str]] = {}
        self.closed: list[CloseSession] = []
        self.pings: list[Ping] = []
        self.messages: list[Message] = []

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

    _woken_at = -1

    # --- REST ---

    def request(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        origin: str = "fapi",
        address: str = ADDRESS,
    ) -> HttpReply:
        """One request as bytes."""
        request = HttpRequest(origin, method, path, query, headers or {}, body, address)
        self.venue.classify(request)
        reply = self.venue.handle(request, self.time())
        self.collect()
        return reply

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

    def move(self, price: str, symbol: str = "BTCUSDT") -> None:
        """Move the market through every price up to this one, and let what fires become orders."""
        self.command(SetPrice(symbol, self.venue.desk.listings[symbol].tick.count(price) or 0))
        self.wait(0.1)

    def command(self, command: Command) -> list[Event]:
        """Tell the engine something from behind."""
        events = self.venue.command(command, self.time())
        self.collect()
        return events

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
        number = session or len(self.heard) + 1
        handshake = HttpRequest(origin, "GET", path, query, {}, b"", ADDRESS)
        refusal = self.venue.open(number, handshake, self.time())
        assert refusal is None, refusal
        self.heard[number] = []
        self.collect()
        return number

    def open_user_stream(self) -> int:
        """A session with the account's events."""
        return self.open("/private/ws", f"listenKey={self.listen_key()}")

    def listen_key(self, method: str = "POST", prefix: str = "/fapi") -> str:
        """Start (or extend) the account's listen key."""
        headers = {"x-mbx-apikey": self.keys["apiKey"]}
        reply = self.request(method, f"{prefix}/v1/listenKey", headers=headers)
        assert reply.status == 200, reply.body
        return str(msgspec.json.decode(reply.body).get("listenKey", ""))

    def send(self, session: int, frame: object) -> None:
        """Send a frame: text or bytes as they are, anything else as JSON."""
        raw = frame if isinstance(frame, str | bytes) else msgspec.json.encode(frame).decode()
        self.venue.classify_frame(session, raw)
        self.venue.receive(session, raw, self.time())
        self.collect()

    def subscribe(self, session: int, *names: str) -> Any:
        """Subscribe, and return the acknowledgement."""
        self.send(session, {"method": "SUBSCRIBE", "params": list(names), "id": 1})
        return self.take(session)[0]

    def take(self, session: int) -> list[Any]:
        """What a session heard since the last call, decoded."""
        taken, self.heard[session] = self.heard[session], []
        return [msgspec.json.decode(text) for text in taken]

    def collect(self) -> None:
        """Take what the venue wants to send, and sort it by session."""
        for outgoing in self.venue.take_outgoing():
            if isinstance(outgoing, Message):
                self.messages.append(outgoing)
                for session in outgoing.sessions:
                    self.heard[session].append(str(outgoing.payload))
            elif isinstance(outgoing, CloseSession):
                self.closed.append(outgoing)
            else:
                self.pings.append(outgoing)


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
    return {name: value for name, value in (usual | parameters).items() if value is not None}


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
    return {name: value for name, value in (usual | changes).items() if value is not None}


def events(client: Client, session: int, kind: str) -> list[Any]:
    """What a session heard of one kind."""
    return [message["o"] for message in client.take(session) if message["e"] == kind]


def words(*lines: str) -> list[str]:
    """The words of some lines: keys in the order in which a document has them."""
    return [word for line in lines for word in line.split()]
