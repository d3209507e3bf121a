"""A client that talks to the venue in values: signs like the vendor's own, opens sessions, reads what comes out."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from tests.simulators.venues.support.client import ADDRESS, SECOND_NS, START_NS, VenueClient, changed

from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.venue import HttpRequest, Profile
from venueproof_simulators.venues.okx.venue import OkxVenue, build

SWAP, COIN, ETHER = "BTC-USDT-SWAP", "BTC-USD-SWAP", "ETH-USDT-SWAP"
API = "/api/v5/"
CODES = {SWAP: 10459, COIN: 10458, ETHER: 10461}


class Client(VenueClient[OkxVenue]):
    """One venue, one account, and the clocks of both."""

    origin = "www"
    instrument = SWAP

    def __init__(self, profile: Profile = Profile.VENDOR, seed: int = 7, pace: Pace = Pace.STILL) -> None:
        super().__init__(build(seed=seed, profile=profile, pace=pace, start_ns=START_NS))

    def demo(self) -> None:
        """Use the keys of demo trading from now on."""
        keys = self.venue.credentials
        self.keys = {"apiKey": keys["demoApiKey"], "secret": keys["demoSecret"], "password": keys["demoPassword"]}

    # --- REST ---

    def public(self, path: str, **parameters: object) -> tuple[int, Any]:
        """Status and document of a public question."""
        reply = self.request("GET", API + path, urlencode(parameters))
        return reply.status, msgspec.json.decode(reply.body)

    def get(self, path: str, **parameters: object) -> Any:
        """The rows of a public question that must succeed."""
        status, document = self.public(path, **parameters)
        assert (status, document["code"]) == (200, "0"), document
        return document["data"]

    def stamp(self) -> str:
        """The time as the venue wants it over REST."""
        moment = datetime.fromtimestamp((self.now_ns + self.skew_ns) // SECOND_NS, UTC)
        ms = (self.now_ns + self.skew_ns) // 10**6 % 1000
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"

    def signature(self, text: str) -> str:
        """What the venue's page says a client must send."""
        return base64.b64encode(hmac.digest(self.keys["secret"].encode(), text.encode(), "sha256")).decode()

    def headers(self, method: str, path: str, body: str = "", stamp: str = "") -> dict[str, str]:
        """The four headers of a private request; `path` with its query."""
        stamp = stamp or self.stamp()
        return {
            "ok-access-key": self.keys["apiKey"],
            "ok-access-sign": self.signature(f"{stamp}{method}{path}{body}"),
            "ok-access-timestamp": stamp,
            "ok-access-passphrase": self.keys["password"],
            "content-type": "application/json",
        }

    def signed(
        self, method: str, path: str, sent: object = None, address: str = ADDRESS, **more: str
    ) -> tuple[int, Any]:
        """Status and document of a private request; `more` are headers."""
        query = urlencode(cast(dict[str, object], sent)) if method == "GET" and sent is not None else ""
        body = "" if method == "GET" or sent is None else msgspec.json.encode(sent).decode()
        asked = f"{API}{path}?{query}" if query else API + path
        headers = self.headers(method, asked, body) | {name.replace("_", "-"): value for name, value in more.items()}
        reply = self.request(method, API + path, query, body.encode(), headers, address=address)
        return reply.status, msgspec.json.decode(reply.body)

    def ask(self, path: str, **parameters: object) -> Any:
        """The rows of a private question that must succeed."""
        status, document = self.signed("GET", path, parameters)
        assert (status, document["code"]) == (200, "0"), document
        return document["data"]

    def post(self, path: str, sent: object) -> Any:
        """The rows of a private request that must succeed."""
        status, document = self.signed("POST", path, sent)
        assert (status, document["code"]) == (200, "0"), document
        return document["data"]

    def refused(self, method: str, path: str, sent: object = None) -> tuple[int, str]:
        """Status and code of a private request that must be refused as a whole."""
        status, document = self.signed(method, path, sent)
        assert document["code"] not in {"0", "1", "2"}, document
        return status, document["code"]

    def row_code(self, path: str, sent: object) -> str:
        """`sCode` of the one row of a request that must fail with status 200."""
        status, document = self.signed("POST", path, sent)
        assert (status, document["code"]) == (200, "1"), document
        [row] = document["data"]
        return str(row["sCode"])

    # --- orders ---

    def place(self, **changes: object) -> str:
        """The id of an order that must be taken in: a passive limit order, changed where wanted."""
        [row] = self.post("trade/order", order(**changes))
        assert row["sCode"] == "0", row
        return str(row["ordId"])

    def market(self, side: str = "buy", sz: str = "1", **changes: object) -> str:
        """The id of a market order that must be taken in."""
        return self.place(ordType="market", px=None, side=side, sz=sz, **changes)

    def order(self, order_id: str, instrument: str = SWAP) -> Any:
        """An order as it is told."""
        [row] = self.ask("trade/order", instId=instrument, ordId=order_id)
        return row

    def algo(self, **changes: object) -> str:
        """The id of a conditional order that must be taken in: a stop below the market, changed where wanted."""
        [row] = self.post("trade/order-algo", algo(**changes))
        return str(row["algoId"])

    def algo_row(self, algo_id: str) -> Any:
        """A conditional order as it is told."""
        [row] = self.ask("trade/order-algo", algoId=algo_id)
        return row

    def position(self, instrument: str = SWAP) -> Any:
        """The one position on an instrument."""
        [row] = self.ask("account/positions", instId=instrument)
        return row

    # --- streams ---

    def open(self, url: str, query: str = "", origin: str = "www", prefix: str = "") -> int:
        """Open a session, which must be let in; returns its number."""
        self.now_ns += SECOND_NS
        handshake = HttpRequest(origin, "GET", f"{prefix}/ws/v5/{url}", query, {}, b"", ADDRESS)
        return self.admit(handshake)

    def login_frame(self, **changes: object) -> dict[str, object]:
        """A login, changed where wanted; None leaves a value out."""
        stamp = str((self.now_ns + self.skew_ns) // SECOND_NS)
        text = f"{changes.get('timestamp', stamp)}GET/users/self/verify"
        sent = {
            "apiKey": self.keys["apiKey"],
            "passphrase": self.keys["password"],
            "timestamp": stamp,
            "sign": self.signature(text),
        }
        args = {name: value for name, value in (sent | changes).items() if value is not None}
        return {"op": "login", "args": [args]}

    def login(self, url: str = "private", **where: str) -> int:
        """A session that is logged in."""
        session = self.open(url, **where)
        answer = self.answer(session, self.login_frame())
        assert answer["event"] == "login", answer
        return session

    def answer(self, session: int, frame: object) -> Any:
        """The first answer to a frame; what else came is kept."""
        self.heard[session].clear()
        self.send(session, frame)
        return msgspec.json.decode(self.heard[session].pop(0))

    def subscribe(self, session: int, channel: str, **arg: object) -> Any:
        """Subscribe, and return the answer; what else came is kept."""
        return self.answer(session, {"op": "subscribe", "args": [{"channel": channel, **arg}]})

    def operate(self, session: int, op: str, *rows: object) -> Any:
        """The answer to an operation on orders."""
        return self.answer(session, {"id": "1512", "op": op, "args": list(rows)})

    def take(self, session: int, channel: str = "") -> list[Any]:
        """What a session heard since the last call, of all channels or of one."""
        taken, self.heard[session] = self.heard[session], []
        decoded = [msgspec.json.decode(text) for text in taken if text != "pong"]
        return [one for one in decoded if not channel or one.get("arg", {}).get("channel") == channel]

    def rows(self, session: int, channel: str) -> list[Any]:
        """The rows that a session heard of a channel since the last call; all else is dropped."""
        pushed = [one for one in self.take(session, channel) if "data" in one]
        return [row for one in pushed for row in one["data"]]


def order(**changes: object) -> dict[str, object]:
    """A passive limit order, changed where wanted; None leaves a parameter out."""
    usual: dict[str, object] = {
        "instId": SWAP,
        "tdMode": "cross",
        "side": "buy",
        "ordType": "limit",
        "sz": "1",
        "px": "59000",
    }
    return changed(usual, changes)


def over_socket(**changes: object) -> dict[str, object]:
    """The same with the instrument's code, as over WebSocket."""
    row = order(**changes)
    return row | {"instIdCode": CODES[str(row.pop("instId"))]}


def algo(**changes: object) -> dict[str, object]:
    """A stop below the market, changed where wanted; None leaves a parameter out."""
    usual: dict[str, object] = {
        "instId": SWAP,
        "tdMode": "cross",
        "side": "sell",
        "ordType": "conditional",
        "sz": "1",
        "slTriggerPx": "58000",
        "slOrdPx": "-1",
        "reduceOnly": True,
    }
    return changed(usual, changes)
