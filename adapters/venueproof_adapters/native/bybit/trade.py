"""Orders over the venue's trade connection: one of its own, with its own login and pings.

An answer is found by its number. One without a number (refusals for lack of a permission) answers the only request
under way; of several none is known to be answered, and each is looked up. Nothing is sent twice: what could not be sent
here, or was refused because the service begins anew, goes over REST. Source: the vendor's WebSocket trade pages.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import count

import msgspec

from venueproof_adapters.kit.clock import MS_NS, SECOND_NS
from venueproof_adapters.kit.dialogue import Dialogue
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.http import Reply
from venueproof_adapters.kit.requests import Params
from venueproof_adapters.kit.rpc import RpcSocket
from venueproof_adapters.native.bybit import wire
from venueproof_adapters.native.bybit.rest import RECV_WINDOW_MS, Rest
from venueproof_adapters.native.bybit.stream import HEARTBEAT, LOGIN, LOGIN_GOOD_FOR_S, text
from venueproof_contracts.errors import AuthFailed, NotSent, VenueDown

_RESTARTING = 10019
_AGAIN_NS = 30 * SECOND_NS
"""How long the connection is left alone after it could not be made."""
_frames = msgspec.json.Decoder(wire.TradeFrame)


class Trade:
    """The connection, made with the first order."""

    def __init__(self, rest: Rest, ws: str, ground: Ground) -> None:
        self._rest = rest
        self._now_ns = ground.sync.now_ns
        self._numbers = count(1)
        self._away_until_ns = 0
        self._socket = RpcSocket(
            "trade",
            ws + "/v5/trade",
            ground.parts,
            ground.parts.reconnects(ground.random),
            self._now_ns,
            ground.options,
            greet=self._greet,
            key_of=self._key_of,
            heartbeat=HEARTBEAT,
        )

    async def exchange(self, op: str, params: Params) -> Reply | None:
        """The answer as a reply of REST would be; None when nothing was done here. Raises `OutcomeUnknown`."""
        if self._now_ns() < self._away_until_ns:
            return None
        number = str(next(self._numbers))
        stamp = {"X-BAPI-TIMESTAMP": str(self._now_ns() // MS_NS), "X-BAPI-RECV-WINDOW": str(RECV_WINDOW_MS)}
        given = {name: value for name, value in params.items() if value is not None}
        try:
            frame = text({"reqId": number, "header": stamp, "op": op, "args": [given]})
            return _reply(await self._socket.exchange(frame, number))
        except (NotSent, VenueDown):
            self._away_until_ns = self._now_ns() + _AGAIN_NS
            return None

    async def close(self) -> None:
        """Disconnect."""
        await self._socket.close()

    async def _greet(self, dialogue: Dialogue) -> None:
        [answer] = await dialogue.demand(text({"op": LOGIN, "args": self._rest.login(LOGIN_GOOD_FOR_S)}), LOGIN)
        told = _frames.decode(answer)
        if told.ret_code:
            raise AuthFailed("the login was refused", code=str(told.ret_code), text=told.ret_msg)

    def _key_of(self, frame: str | bytes) -> Hashable | None:
        dialogue = self._socket.dialogue
        try:
            told = _frames.decode(frame)
        except msgspec.MsgspecError:
            told = wire.TradeFrame()
        if key := told.req_id or (LOGIN if told.op == LOGIN else ""):
            return key
        if dialogue.pending == 1:
            return dialogue.first()
        dialogue.fail("an answer has no number")
        return None


def _reply(frame: bytes) -> Reply | None:
    """The frame in the envelope of REST; None where the service begins anew. What cannot be read stays as it is."""
    try:
        told = _frames.decode(frame)
    except msgspec.MsgspecError:
        return Reply(200, {}, frame)
    if told.ret_code == _RESTARTING:
        return None
    envelope = {
        "retCode": told.ret_code,
        "retMsg": told.ret_msg,
        "result": told.data,
        "retExtInfo": told.ret_ext_info,
    }
    headers = {name.lower(): value for name, value in told.header.items()}
    return Reply(200, headers, msgspec.json.encode(envelope))
