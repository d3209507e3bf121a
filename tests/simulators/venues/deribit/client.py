"""A client that talks to the venue in values: JSON-RPC over both ways in, and what its sessions hear."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import msgspec
from tests.simulators.venues.support.client import ADDRESS, START_NS, VenueClient, changed

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.venue import HttpReply, HttpRequest, Profile
from venueproof_simulators.venues.deribit.venue import DeribitVenue, build

BTC, USDC = "BTC-PERPETUAL", "BTC_USDC-PERPETUAL"


class Client(VenueClient[DeribitVenue]):
    """One venue, one account, and the clocks of both."""

    origin = "api"
    instrument = BTC

    def __init__(self, profile: Profile = Profile.VENDOR, seed: int = 7, pace: Pace = Pace.STILL) -> None:
        super().__init__(build(seed=seed, profile=profile, pace=pace, start_ns=START_NS))
        self._ids = 0

    # --- HTTP ---

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

    def trade(self, side: str = "buy", amount: float = 100, instrument: str = BTC, **more: object) -> Any:
        """A market order that must be accepted: the whole answer."""
        return self.ask(f"private/{side}", instrument_name=instrument, amount=amount, type="market", **more)

    def stop(self, **changes: object) -> Any:
        """A stop below the market that must be accepted, changed where wanted."""
        return self.ask("private/sell", **trigger(**changes))["order"]

    # --- WebSocket ---

    def open(self, origin: str = "api", address: str = ADDRESS) -> int:
        """A session, which must be let in; returns its number."""
        return self.admit(self.handshake(origin, address))

    def handshake(self, origin: str = "api", address: str = ADDRESS, path: str = "/ws/api/v2") -> HttpRequest:
        """What a session begins with."""
        return HttpRequest(origin, "GET", path, "", {}, b"", address)

    def log_on(self, **more: object) -> int:
        """A session that is the account's."""
        session = self.open()
        keys = {"client_id": self.keys["apiKey"], "client_secret": self.keys["secret"]}
        self.call(session, "public/auth", grant_type="client_credentials", **keys, **more)
        return session

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


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def order(**changes: object) -> dict[str, Any]:
    """A passive limit order, changed where wanted; None leaves a parameter out."""
    usual: dict[str, Any] = {"instrument_name": BTC, "amount": 100, "type": "limit", "price": 59000}
    return changed(usual, changes)


def trigger(**changes: object) -> dict[str, Any]:
    """A stop to sell at market, changed where wanted; None leaves a parameter out."""
    usual: dict[str, Any] = {
        "instrument_name": BTC,
        "amount": 100,
        "type": "stop_market",
        "trigger": "last_price",
        "trigger_price": 58000,
    }
    return changed(usual, changes)
