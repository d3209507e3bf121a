"""A busy little market, run as a process of its own; prints the digest of its log and the number of lines.

The argument disturbs what must not matter: that many unrelated descriptors are opened first.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import sys

import aiohttp
from aiohttp import web

from venueproof import virtual
from venueproof.virtual.loop import VirtualLoop

CLIENTS = 8


async def main() -> list[str]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    log: list[str] = []
    delays = random.Random(7)
    sockets: list[web.WebSocketResponse] = []

    def note(*what: object) -> None:
        log.append(" ".join(map(str, (loop.wall_ns(), *what))))

    async def order(request: web.Request) -> web.Response:
        note("order", await request.text())
        await asyncio.sleep(delays.uniform(0.001, 0.005))
        return web.json_response({"n": len(log)})

    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=1)
        await socket.prepare(request)
        sockets.append(socket)
        async for message in socket:
            note("got", message.data)
            await socket.send_str(f"echo {message.data}")
        return socket

    async def broadcast() -> None:
        for number in range(40):
            await asyncio.sleep(0.05)
            for socket in sockets:
                await socket.send_str(f"tick {number}")

    async def client(name: int, url: str) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/ws") as socket:
            reading = asyncio.create_task(read(name, socket))
            for number in range(10):
                async with session.post(
                    f"{url}/order", data=f"{name}/{number}", headers=_sometimes_close(number)
                ) as reply:
                    note("reply", name, await reply.text())
                await socket.send_str(f"{name}:{number}")
                await asyncio.sleep(delays.uniform(0.01, 0.2))
            await asyncio.sleep(2)
            await socket.close()
            await reading

    async def read(name: int, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            note("client", name, message.data)

    application = web.Application()
    application.add_routes([web.post("/order", order), web.get("/ws", stream)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    ticking = asyncio.create_task(broadcast())
    await asyncio.gather(*(client(name, url) for name in range(CLIENTS)))
    await ticking
    await runner.cleanup()
    return log


def _sometimes_close(number: int) -> dict[str, str]:
    return {"Connection": "close"} if number % 3 == 0 else {}


if __name__ == "__main__":
    disturbance = [os.open(os.devnull, os.O_RDONLY) for _ in range(int(sys.argv[1]))]
    lines = virtual.run(main())
    print(hashlib.sha256("\n".join(lines).encode()).hexdigest(), len(lines))
