"""An unmodified ccxt exchange, pointed at a simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .conftest import Served

Exchange = Any


def _redirect(urls: Any, served: Served, hostname: str) -> Any:
    """The same tree of URLs with scheme and host of each exchanged for those of its local twin, paths kept."""
    if isinstance(urls, dict):
        return {key: _redirect(value, served, hostname) for key, value in urls.items()}
    parts = urlsplit(urls.replace("{hostname}", hostname))
    first = served.ws if parts.scheme.startswith("ws") else served.rest
    local = urlsplit(served.ready["origins"].get(f"{parts.scheme}://{parts.netloc}", first))
    return urlunsplit((local.scheme, local.netloc, parts.path, parts.query, parts.fragment))


@asynccontextmanager
async def opened(kind: Callable[[dict[str, Any]], Exchange], served: Served, **more: Any) -> AsyncIterator[Exchange]:
    """An exchange with the simulator's keys: with local URLs, or its own where it is given a proxy."""
    exchange = kind({**served.credentials, "enableRateLimit": False, **more})
    if "httpsProxy" not in more:
        exchange.urls["api"] = _redirect(exchange.urls["api"], served, exchange.hostname or "")
    try:
        yield exchange
    finally:
        await exchange.close()


async def within(seconds: float, call: Awaitable[Any]) -> Any:
    """What a call gives, which must not take longer."""
    return await asyncio.wait_for(call, seconds)
