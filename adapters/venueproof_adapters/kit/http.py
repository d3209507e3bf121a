"""HTTP requests sent exactly as they were signed, once, with an honest word on what became of them."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from functools import lru_cache

import aiohttp
from msgspec import Struct
from yarl import URL

from venueproof_contracts.errors import NotSent, OutcomeUnknown

log = logging.getLogger("venueproof_adapters.http")


class Reply(Struct, frozen=True):
    """What came back; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@lru_cache(maxsize=8)
def trust(ca: str) -> ssl.SSLContext:
    """TLS that trusts the system, or only the certificates in file `ca`."""
    return ssl.create_default_context(cafile=ca or None)


async def _never_twice(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Hide a broken connection from aiohttp, which would send PUT and DELETE a second time by itself."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError as error:
        raise NotSent(f"cannot connect: {type(error).__name__}") from None
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise OutcomeUnknown(f"the connection broke: {type(error).__name__}") from None


class Http:
    """A session of its own. Nothing is logged of a request but method, host and path."""

    def __init__(self, *, proxy: str = "", ca: str = "", timeout_s: float = 10.0) -> None:
        self._proxy = proxy or None
        self._ca = ca
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s / 2)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Make the session; connects to nothing yet."""
        self._session = aiohttp.ClientSession(
            timeout=self._timeout,
            connector=aiohttp.TCPConnector(ssl=trust(self._ca), keepalive_timeout=10),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_never_twice,),
        )

    async def close(self) -> None:
        """End every connection."""
        if session := self._session:
            self._session = None
            await session.close()
            await asyncio.sleep(0)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Send exactly these bytes. Raises `NotSent` if nothing left us, `OutcomeUnknown` if no whole reply came."""
        if self._session is None:
            raise NotSent("the adapter is not started")
        address = URL(url, encoded=True)
        try:
            async with self._session.request(
                method, address, headers=headers, data=body, proxy=self._proxy, allow_redirects=False
            ) as answer:
                reply = Reply(
                    answer.status, {name.lower(): value for name, value in answer.headers.items()}, await answer.read()
                )
        except aiohttp.ConnectionTimeoutError:
            raise NotSent("no connection in time") from None
        except TimeoutError:
            raise OutcomeUnknown("no reply in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise OutcomeUnknown(f"the reply broke off: {type(error).__name__}") from None
        log.debug("%s %s%s: %d", method, address.host, address.path, reply.status)
        return reply
