"""The reference server: an aiohttp handler that reads the body, checks its HMAC and decodes its JSON.

It prints one JSON object with its URL once it is ready.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json

from aiohttp import web

SECRET = b"dummy-secret-of-the-reference"
SIGNATURE_HEADER = "X-SIGNATURE"


async def order(request: web.Request) -> web.Response:
    """Take an order that nobody will carry out."""
    body = await request.read()
    digest = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(digest, request.headers.get(SIGNATURE_HEADER, "")):
        return web.json_response({"code": -1022, "msg": "signature"}, status=400)
    wish = json.loads(body)
    return web.json_response({"orderId": 1, "symbol": wish["symbol"], "status": "NEW"})


async def start_site() -> tuple[web.AppRunner, str]:
    """Listen on a free port; returns the runner to clean up, and the URL."""
    app = web.Application()
    app.router.add_post("/order", order)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def main() -> None:
    """Serve until the process is ended."""
    _, url = await start_site()
    print(json.dumps({"rest": url}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
