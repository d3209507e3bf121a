"""The reference: a bare aiohttp server that sends book updates to all its sockets when one of them says go.

It prints one JSON object with its URL once it is ready.
"""

from __future__ import annotations

import asyncio
import json

from aiohttp import web
from servers.fanout_payload import MESSAGES, UPDATE

SOCKETS: dict[web.WebSocketResponse, None] = {}


async def broadcast() -> None:
    """One round: each update to every socket, then a turn for the loop."""
    for _ in range(MESSAGES):
        for socket in SOCKETS:
            await socket.send_str(UPDATE)
        await asyncio.sleep(0)


async def stream(request: web.Request) -> web.WebSocketResponse:
    """One socket."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    SOCKETS[socket] = None
    async for _ in socket:
        await broadcast()
    del SOCKETS[socket]
    return socket


async def main() -> None:
    """Serve until the process is ended."""
    app = web.Application()
    app.router.add_get("/stream", stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"rest": f"http://127.0.0.1:{runner.addresses[0][1]}"}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
