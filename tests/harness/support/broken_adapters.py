"""Adapters with one fault each that is not a clause's business: what users hand in by mistake."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from decimal import ROUND_UP, Inexact, getcontext
from typing import Any
from urllib.parse import quote

import aiohttp

from venueproof_adapters.native import make_adapter
from venueproof_contracts.errors import Reason, Rejected, VenueDown
from venueproof_contracts.model import Credentials, Endpoint, Intent, Order, Ticker

NOT_CALLABLE = 3


class Around:
    """The native adapter, reached by name."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        self.inner = make_adapter(endpoint, credentials)
        self.endpoint = endpoint
        self.credentials = credentials

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class WithoutPlace(Around):
    def __getattr__(self, name: str) -> Any:
        if name in ("place", "amend"):
            raise AttributeError(name)
        return getattr(self.inner, name)


class RaisesWhenMade(Around):
    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        raise ConnectionError("no\nroute")


class EndsItsProcessWhenMade(Around):
    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        os._exit(7)


class HasNoText(Exception):
    def __str__(self) -> str:
        raise LookupError("nothing to say")


class RefusalWithoutText(Rejected):
    def __str__(self) -> str:
        raise LookupError("nothing to say")


class KnowsNoReasons(Around):
    async def place(self, intent: Intent) -> Order:
        try:
            return await self.inner.place(intent)
        except Rejected as error:
            raise Rejected(Reason.OTHER, code=error.code, text=error.text) from None


class RaisesWithoutText(Around):
    async def server_time(self) -> int:
        raise HasNoText


class RejectsWithoutText(Around):
    async def server_time(self) -> int:
        raise RefusalWithoutText(Reason.OTHER)


class Spins(Around):
    async def server_time(self) -> int:
        while True:
            pass


class SpinsAtStart(Around):
    async def start(self) -> None:
        while True:
            pass


class BusyWaits(Around):
    async def server_time(self) -> int:
        while True:  # noqa: ASYNC110  # the fault that this adapter has
            await asyncio.sleep(0)


class Hangs(Around):
    async def server_time(self) -> int:
        await asyncio.get_running_loop().create_future()
        return 0


class HangsAtStart(Around):
    async def start(self) -> None:
        await asyncio.get_running_loop().create_future()


class EndsItsProcess(Around):
    async def server_time(self) -> int:
        os._exit(5)


class RaisesKeyError(Around):
    async def server_time(self) -> int:
        raise KeyError("serverTime")


class RaisesKeyErrorWhenPlacing(Around):
    async def place(self, intent: Any) -> Any:
        raise KeyError("avgPrice")


class ChangesRounding(Around):
    """Keeps the contract, but rounds decimals its own way for the rest of the process, as a library it uses does."""

    async def start(self) -> None:
        getcontext().rounding = ROUND_UP
        await self.inner.start()


class ReturnsText(Around):
    async def server_time(self) -> str:
        return "12:05"


class IsNotAsync(Around):
    def server_time(self) -> int:
        return 0


class LeaksSecret(Around):
    async def start(self) -> None:
        logging.getLogger("mine").debug("signing with %s", self.credentials["secret"])
        await self.inner.start()


class TellsSecretInError(Around):
    async def server_time(self) -> int:
        raise VenueDown(f"GET /time?key={self.credentials['apiKey']} by {self.credentials['secret']} failed")


class TellsSecretAtTheCut(Around):
    async def server_time(self) -> int:
        raise VenueDown("x" * 270 + self.credentials["secret"])


class TicksWithoutSideFigures(Around):
    """No fault: funding and open interest are simply not part of its ticker."""

    async def ticker(self, instrument: str) -> Ticker:
        book = await self.inner.book(instrument, 5)
        return Ticker(instrument, book.bids[0].price, book.bids[0].price, book.asks[0].price)


class CancelsItself(Around):
    async def server_time(self) -> int:
        raise asyncio.CancelledError


class LeaksSecretToOwnLogger(Around):
    async def start(self) -> None:
        log = logging.getLogger("mine.alone")
        log.propagate = False
        log.addHandler(logging.NullHandler())
        log.error("signing with %s", self.credentials["secret"])
        await self.inner.start()


class LeaksEncodedSecret(Around):
    async def start(self) -> None:
        key = f"{self.credentials['apiKey']}:{self.credentials['secret']}"
        logging.getLogger("mine").debug("Basic %s", b64encode(key.encode()).decode())
        await self.inner.start()


class LeavesThread(Around):
    async def start(self) -> None:
        threading.Thread(target=threading.Event().wait, args=(60,), name="left", daemon=True).start()
        await self.inner.start()


class LeavesTask(Around):
    async def start(self) -> None:
        self.task = asyncio.create_task(asyncio.sleep(10_000), name="left")
        await self.inner.start()


class ReportsHome(Around):
    async def start(self) -> None:
        with contextlib.suppress(OSError):
            await asyncio.open_connection("192.0.2.7", 443)
        await self.inner.start()


class LooksUpNames(Around):
    async def start(self) -> None:
        with contextlib.suppress(OSError):
            await asyncio.open_connection("telemetry.example.com", 443)
        await self.inner.start()


class NeedsHome(Around):
    async def server_time(self) -> int:
        await asyncio.open_connection("telemetry.example.com", 443)
        return 0


class StartsProgram(Around):
    async def start(self) -> None:
        with contextlib.suppress(OSError):
            await asyncio.create_subprocess_exec("/usr/bin/curl", "https://telemetry.example.com")
        await self.inner.start()


class StartsProgramInThread(Around):
    async def start(self) -> None:
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().run_in_executor(None, subprocess.run, ["/bin/sh", "-c", "curl"])
        await self.inner.start()


class AsksAboutMachine(Around):
    """No fault: what libraries ask of the system they run on."""

    async def start(self) -> None:
        vars(platform)["uname"]()
        subprocess_of_platform = vars(platform)["_Processor"].from_subprocess
        subprocess_of_platform()
        await self.inner.start()


class WritesSecretToNumber(Around):
    async def start(self) -> None:
        os.write(2, self.credentials["secret"].encode())
        await self.inner.start()


class NeverRests(Around):
    async def close(self) -> None:
        self.task = asyncio.create_task(self._spin())
        await self.inner.close()

    async def _spin(self) -> None:
        while True:  # noqa: ASYNC110  # the fault that this adapter has
            await asyncio.sleep(0)


class KillsItself(Around):
    async def server_time(self) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0


class EventsBreak(Around):
    async def next_event(self) -> Any:
        raise ZeroDivisionError("in the stream")


class WantsOldestCandlesFirst(Around):
    """Looks at the venue's own list, and breaks when it begins with the newest."""

    async def candles(self, instrument: str, interval: str, since_ns: int | None, limit: int | None) -> list[Any]:
        url = f"{self.endpoint.rest}/fapi/v1/klines?symbol=BTCUSDT&interval={interval}&limit=2"
        async with aiohttp.ClientSession() as session, session.get(url) as reply:
            rows = await reply.json()
        if rows[0][0] > rows[-1][0]:
            raise ValueError("newest first")
        return await self.inner.candles(instrument, interval, since_ns, limit)


class MakesDecimalsTrap(Around):
    """Keeps the contract, but its factory turns decimals upside down for the rest of the process."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        getcontext().prec = 3
        getcontext().traps[Inexact] = True
        super().__init__(endpoint, credentials)


class PrintsSecretAndBreaksDown(Around):
    async def balances(self) -> Any:
        print(self.credentials["secret"])
        raise KeyError("assets")


class BreaksDown(Around):
    async def balances(self) -> Any:
        raise KeyError("assets")


class TellsSecretInItsDeclaration(Around):
    async def declare(self) -> Any:
        raise KeyError(f"{quote(self.credentials['secret'])} signature=0123456789abcdef")


class Exits(Around):
    async def server_time(self) -> int:
        sys.exit("give up")


class ExitsInTheBackground(Around):
    async def server_time(self) -> int:
        self.task = asyncio.create_task(self._exit())
        return int(await self.inner.server_time())

    async def _exit(self) -> None:
        sys.exit("give up")


class PullsTheLevers(Around):
    """Asks the control plane for the truth instead of the venue for its time."""

    async def server_time(self) -> int:
        async with aiohttp.ClientSession() as session, session.get(f"{self.endpoint.rest}/_venueproof/truth") as reply:
            raise KeyError(reply.status)
