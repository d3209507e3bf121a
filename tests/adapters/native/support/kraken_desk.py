"""A listening adapter at a simulated Kraken Futures, and what it sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal

import pytest
from venue_desk import PARTS, Desk, ProfileName
from venue_desk import flow as flow_at

from venueproof_adapters.kit.http import Http, Reply
from venueproof_adapters.kit.parts import Parts, replaced
from venueproof_contracts.actions import SwitchQuirk

LINEAR, INVERSE = "BTC/USD:USD", "BTC/USD:BTC"
each_product = pytest.mark.parametrize("symbol", [LINEAR, INVERSE])
HOLD = SwitchQuirk("kraken.order.maker-protection-hold", True)


def flow(
    story: Callable[[Desk], Awaitable[None]],
    profile: ProfileName = "vendor",
    *,
    symbol: str = LINEAR,
    listening: bool = True,
    parts: Parts = PARTS,
) -> None:
    flow_at(profile, story, symbol=symbol, listening=listening, parts=parts, at="kraken")


class Recorder(Http):
    """Remembers what was sent."""

    sent: list[tuple[str, str, Mapping[str, str]]]

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        self.sent.append((method, url, headers))
        return await super().send(method, url, headers, body)


def recording() -> tuple[Parts, list[tuple[str, str, Mapping[str, str]]]]:
    sent: list[tuple[str, str, Mapping[str, str]]] = []

    def make(*, proxy: str, ca: str) -> Http:
        recorder = Recorder(proxy=proxy, ca=ca)
        recorder.sent = sent
        return recorder

    return replaced(PARTS, http=make), sent


def size(symbol: str, times: int = 1) -> str:
    return str(Decimal("0.04") * times if symbol == LINEAR else 4000 * times)
