"""A client that talks to the venue in values: signs as the vendor's page says, opens sessions, reads what comes out."""

from __future__ import annotations

import base64
import hashlib
import hmac
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec
from tests.simulators.venues.support.client import ADDRESS, START_NS, VenueClient, changed

from venueproof_simulators.engine.commands import FillOrder
from venueproof_simulators.engine.prices import Pace
from venueproof_simulators.host.venue import HttpReply, HttpRequest, Profile
from venueproof_simulators.venues.kraken.venue import KrakenVenue, build

V3 = "/derivatives/api/v3/"
PF, PI = "PF_XBTUSD", "PI_XBTUSD"


class Client(VenueClient[KrakenVenue]):
    """One venue, one account, and the clocks of both."""

    origin = "futures"
    instrument = PF

    def __init__(self, profile: Profile = Profile.VENDOR, seed: int = 7, pace: Pace = Pace.STILL) -> None:
        super().__init__(build(seed=seed, profile=profile, pace=pace, start_ns=START_NS))

    # --- REST ---

    def signature(self, data: str, path: str, nonce: str = "") -> str:
        """What the vendor's page says a client must send."""
        digest = hashlib.sha256((data + nonce + path).encode("utf-8", "surrogateescape")).digest()
        keyed = hmac.new(base64.b64decode(self.keys["secret"]), digest, hashlib.sha512)
        return base64.b64encode(keyed.digest()).decode()

    def headers(self, data: str, path: str, nonce: str = "") -> dict[str, str]:
        """The headers of a signed request."""
        signed = path.removeprefix("/derivatives")
        found = {"apikey": self.keys["apiKey"], "authent": self.signature(data, signed, nonce)}
        return {**found, "nonce": nonce} if nonce else found

    def signed(self, method: str, path: str, **parameters: object) -> HttpReply:
        """A signed request, parameters in the query as ccxt sends them."""
        data = urlencode(parameters, doseq=True)
        return self.request(method, path, data, headers=self.headers(data, path))

    def ask(self, method: str, name: str, **parameters: object) -> Any:
        """A signed request to the trading surface that must succeed."""
        reply = self.signed(method, V3 + name, **parameters)
        document = decoded(reply)
        assert (reply.status, document["result"]) == (200, "success"), reply.body
        return document

    def history(self, name: str, **parameters: object) -> Any:
        """A signed request to the account's histories that must succeed."""
        reply = self.signed("GET", "/api/history/v2/" + name, **parameters)
        assert reply.status == 200, reply.body
        return decoded(reply)

    def public(self, path: str, **parameters: object) -> Any:
        """A public request that must succeed."""
        reply = self.request("GET", path, urlencode(parameters))
        assert reply.status == 200, reply.body
        return decoded(reply)

    def refused(self, method: str, name: str, **parameters: object) -> tuple[int, str]:
        """Status and word of a signed request that must be an error."""
        reply = self.signed(method, V3 + name, **parameters)
        document = decoded(reply)
        assert document["result"] == "error", reply.body
        return reply.status, document["error"]

    def submit(self, **changes: object) -> Any:
        """The status of an order: a passive limit order, changed where wanted; None leaves a parameter out."""
        return self.ask("POST", "sendorder", **order(**changes))["sendStatus"]

    def placed(self, **changes: object) -> str:
        """The id of an order that must be placed."""
        status = self.submit(**changes)
        assert status["status"] == "placed", status
        return str(status["order_id"])

    def market(self, side: str = "buy", size: object = "0.1", symbol: str = PF, **more: object) -> Any:
        """A market order."""
        return self.submit(orderType="mkt", side=side, size=size, symbol=symbol, limitPrice=None, **more)

    def stop(self, **changes: object) -> Any:
        """The status of a stop below the market."""
        usual: dict[str, object] = {"orderType": "stp", "side": "sell", "stopPrice": 58000, "limitPrice": None}
        return self.submit(**(usual | changes))

    # --- from behind ---

    def fill(self, uid: str, lots: int = 0) -> None:
        """A stranger trades with a resting order."""
        found = self.venue.desk.order("trader", uid)
        assert found is not None
        self.command(FillOrder(found.instrument, found.order_id, lots))

    # --- streams ---

    def open(self, path: str = "/ws/v1") -> int:
        """Open a session, which must be let in; returns its number."""
        return self.admit(HttpRequest("futures", "GET", path, "", {}, b"", ADDRESS))

    def say(self, session: int, frame: object) -> list[Any]:
        """Send a frame: text or bytes as they are, anything else as JSON. Returns what was heard since last time."""
        self.send(session, frame)
        return self.take(session)

    def subscribe(self, session: int, feed: str, *products: str) -> list[Any]:
        """Subscribe to a public feed."""
        return self.say(session, {"event": "subscribe", "feed": feed, "product_ids": list(products)})

    def proof(self, session: int) -> dict[str, str]:
        """A challenge of this session, answered."""
        heard = self.say(session, {"event": "challenge", "api_key": self.keys["apiKey"]})
        challenge = heard[-1]["message"]
        digest = hashlib.sha256(challenge.encode()).digest()
        signed = hmac.new(base64.b64decode(self.keys["secret"]), digest, hashlib.sha512).digest()
        return {
            "api_key": self.keys["apiKey"],
            "original_challenge": challenge,
            "signed_challenge": base64.b64encode(signed).decode(),
        }

    def listen(self, *feeds: str) -> int:
        """A session with feeds of the account, whose first frames were read."""
        session = self.open()
        proof = self.proof(session)
        for feed in feeds:
            self.say(session, {"event": "subscribe", "feed": feed, **proof})
        return session


def decoded(reply: HttpReply) -> Any:
    """The JSON of a reply."""
    return msgspec.json.decode(reply.body)


def exact(reply: HttpReply) -> Any:
    """The same with numbers as they are spelled."""
    return msgspec.json.Decoder(float_hook=Decimal).decode(reply.body)


def order(**changes: object) -> dict[str, object]:
    """A passive limit order, changed where wanted; None leaves a parameter out."""
    usual: dict[str, object] = {"orderType": "lmt", "symbol": PF, "side": "buy", "size": "0.5", "limitPrice": 59000}
    return changed(usual, changes)
