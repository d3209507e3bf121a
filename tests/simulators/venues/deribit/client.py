"""A client that talks to the venue in values: JSON-RPC over both ways in, and what its sessions hear."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import msgspec

from venueproof_simulators.engine.commands import Command, SetPrice
from venueproof_simulators.engine.events import Event
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.venue import CloseSession, HttpReply, HttpRequest, Message, Profile, VenueTime
from venueproof_simulators.venues.deribit.venue import DeribitVenue, build

START_NS = 1_795_521_900_000_000_000
"""2026-11-24T12:05:00Z."""
SECOND_NS = 10**9
ADDRESS = "127.0.0.1"
BTC, USDC = "BTC-PERPETUAL", "BTC_USDC-PERPETUAL"


class Client:
    """One venue, one account, and the clocks of both."""

    def __init__(self, profile: Profile = Profile.VENDOR, seed: int = 7, pace: Pace = Pace.STILL) -> None:
        self.venue: DeribitVenue = build(seed=seed, profile=profile, pace=pace, start_ns=START_NS)
        self.now_ns = START_NS
        self.skew_ns = 0
        self.aged_ns = 0
        self.keys = dict(self.venue.credentials)
        self.heard: dict[int, list[str]] = {}
        self.closed: list[CloseSession] = []
        self.messages: list[Message] = []
        self._ids = 0

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

    # --- HTTP ---

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

    def basic(self) -> dict[str, str]:
        """A header that shows key and secret."""
        pair = f"{self.keys['apiKey']}:{self.keys['secret']}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def get(self, method: str, headers: dict[str, str] | None = None, **params: Any) -> HttpReply:
        """A request by GET; of private methods with key and secret where no header is given."""
        if headers is None:
            headers = self.basic() if method.startswith("private/") else {}
        query = urlencode({name: _text(value) for name, value in params.items()})
        return self.request("GET", f"/api/v2/{method}", query, headers=headers)

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a request that must succeed."""
        reply = self.get(method, **params)
        assert reply.status == 200, reply.body
        return msgspec.json.decode(reply.body)["result"]

    def error(self, method: str, **params: Any) -> Any:
        """The error of a request that must fail."""
        return msgspec.json.decode(self.get(method, **params).body)["error"]

    def refused(self, method: str, **params: Any) -> tuple[int, int]:
        """Status and code of a request that must fail."""
        reply = self.get(method, **params)
        return reply.status, msgspec.json.decode(reply.body)["error"]["code"]

    def sign(self, text: str) -> str:
        """What the venue's page says a client must send."""
        return hmac.new(self.keys["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()

    def signed(self, method: str, nonce: str = "n1", at_ms: int | None = None, **params: Any) -> HttpReply:
        """A request whose header signs it."""
        query, stamp = urlencode(params), at_ms or self.time().wire_ms
        path = f"/api/v2/{method}"
        uri = f"{path}?{query}" if query else path
        signature = self.sign(f"{stamp}\n{nonce}\nGET\n{uri}\n\n")
        header = f"deri-hmac-sha256 id={self.keys['apiKey']},ts={stamp},sig={signature},nonce={nonce}"
        return self.request("GET", path, query, headers={"authorization": header})

    def buy(self, **changes: object) -> Any:
        """A passive limit order that must be accepted, changed where wanted: the order's document."""
        return self.ask("private/buy", **order(**changes))["order"]

    def take(self, side: str = "buy", amount: float = 100, instrument: str = BTC, **more: object) -> Any:
        """A market order that must be accepted: the whole answer."""
        return self.ask(f"private/{side}", instrument_name=instrument, amount=amount, type="market", **more)

    def stop(self, **changes: object) -> Any:
        """A stop below the market that must be accepted, changed where wanted."""
        return self.ask("private/sell", **trigger(**changes))["order"]

    # --- from behind ---

    def command(self, command: Command) -> list[Event]:
        """Tell the engine something from behind."""
        events = self.venue.command(command, self.time())
        self.collect()
        return events

    def move(self, price: float, instrument: str = BTC) -> None:
        """Move the market through every price up to this one, and let what fires become orders."""
        tick = self.venue.desk.listings[instrument].row.tick
        self.command(SetPrice(instrument, int(price / float(tick))))
        self.wait(0.1)

    # --- WebSocket ---

    def open(self, origin: str = "api", address: str = ADDRESS) -> int:
        """A session, which must be let in; returns its number."""
        number = len(self.heard) + 1
        refusal = self.venue.open(number, self.handshake(origin, address), self.time())
        assert refusal is None, refusal
        self.heard[number] = []
        return number

    def handshake(self, origin: str = "api", address: str = ADDRESS, path: str = "/ws/api/v2") -> HttpRequest:
        """What a session begins with."""
        return HttpRequest(origin, "GET", path, "", {}, b"", address)

    def log_on(self, **more: object) -> int:
        """A session that is the account's."""
        session = self.open()
        keys = {"client_id": self.keys["apiKey"], "client_secret": self.keys["secret"]}
        self.call(session, "public/auth", grant_type="client_credentials", **keys, **more)
        return session

    def send(self, session: int, frame: object) -> None:
        """Send a frame: text or bytes as they are, anything else as JSON."""
        raw = frame if isinstance(frame, str | bytes) else msgspec.json.encode(frame).decode()
        self.venue.classify_frame(session, raw)
        self.venue.receive(session, raw, self.time())
        self.collect()

    def answer(self, session: int, method: str, **params: Any) -> Any:
        """The whole answer to a frame; what came with it stays."""
        self._ids += 1
        id = f"call-{self._ids}"
        self.send(session, {"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        found = [text for text in self.heard[session] if f'"id":"{id}"' in text]
        assert len(found) == 1, self.heard[session]
        self.heard[session].remove(found[0])
        return msgspec.json.decode(found[0])

    def call(self, session: int, method: str, **params: Any) -> Any:
        """The result of a frame that must succeed."""
        answer = self.answer(session, method, **params)
        assert "result" in answer, answer
        return answer["result"]

    def fails(self, session: int, method: str, **params: Any) -> int:
        """The code of the error of a frame that must fail."""
        code: int = self.answer(session, method, **params)["error"]["code"]
        return code

    def subscribe(self, session: int, *names: str) -> Any:
        """Subscribe by private/subscribe: the list of what was accepted."""
        return self.call(session, "private/subscribe", channels=list(names))

    def told(self, session: int, channel: str = "") -> list[Any]:
        """What channels told a session since the last call: pairs of name and data, or the data of one channel."""
        taken, self.heard[session] = self.heard[session], []
        frames = [msgspec.json.decode(text) for text in taken]
        params = [frame["params"] for frame in frames if frame.get("method") == "subscription"]
        if channel:
            return [one["data"] for one in params if one["channel"] == channel]
        return [(one["channel"], one["data"]) for one in params]

    def frames(self, session: int) -> list[Any]:
        """Everything a session heard since the last call."""
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


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def order(**changes: object) -> dict[str, Any]:
    """A passive limit order, changed where wanted; None leaves a parameter out."""
    usual: dict[str, Any] = {"instrument_name": BTC, "amount": 100, "type": "limit", "price": 59000}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def trigger(**changes: object) -> dict[str, Any]:
    """A stop to sell at market, changed where wanted; None leaves a parameter out."""
    usual: dict[str, Any] = {
        "instrument_name": BTC,
        "amount": 100,
        "type": "stop_market",
        "trigger": "last_price",
        "trigger_price": 58000,
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}
