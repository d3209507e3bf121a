"""What the transport makes of a venue's good and bad answers: a scripted server on loopback, in virtual time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import pairwise
from random import Random
from typing import TypeVar
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from msgspec import Struct

from venueproof.virtual import run
from venueproof_adapters.kit.assembly import prepare
from venueproof_adapters.kit.clock import MS_NS, SECOND_NS, SystemClock
from venueproof_adapters.kit.ground import Ground
from venueproof_adapters.kit.http import Http
from venueproof_adapters.kit.parts import Parts, replaced
from venueproof_adapters.native.binance import wire
from venueproof_adapters.native.binance.adapter import Binance
from venueproof_adapters.native.binance.calls import CLIENT_ID, CLIENT_ID_LENGTH
from venueproof_adapters.native.binance.products import product_of
from venueproof_adapters.native.binance.rest import Rest
from venueproof_contracts.errors import (
    AdapterError,
    AuthFailed,
    BadAnswer,
    Banned,
    ClockSkew,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Reason,
    Rejected,
    VenueDown,
)
from venueproof_contracts.model import Endpoint

KEY, SECRET = "dummy-key-of-a-test", "dummy-secret-of-a-test"
LEVERAGE = '{"leverage":7,"maxNotionalValue":"1000000","symbol":"BTCUSDT"}'
Result = TypeVar("Result")


class Said(Struct, frozen=True):
    """One scripted answer. Status 0: the connection is reset after the request was read."""

    status: int = 200
    body: str = LEVERAGE
    headers: dict[str, str] = {}


class Script:
    """Answers requests in order; the last answer is repeated. `/time` is answered by the clock, unless banned."""

    def __init__(self, *answers: Said, ahead_s: int = 0) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, str, str, dict[str, str]]] = []
        self.at_s: list[float] = []
        self.ahead_s = ahead_s
        self.time_answer: Said | None = None
        self.time_asked = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        if request.path == "/fapi/v1/time":
            return self._time()
        self.requests.append((request.method, request.raw_path, body, dict(request.headers)))
        self.at_s.append(asyncio.get_running_loop().time())
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not said.status:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=said.status or 500, text=said.body, headers=said.headers)

    def _time(self) -> web.Response:
        self.time_asked += 1
        if self.time_answer is not None:
            return web.Response(status=self.time_answer.status, text=self.time_answer.body)
        now_ms = SystemClock().wall_ns() // MS_NS + self.ahead_s * 1000
        return web.json_response({"serverTime": now_ms})


Dialogue = Callable[[Rest, Script], Awaitable[Result]]


def ground_at(base: str) -> Ground:
    """What a transport stands on that does not wait long for replies."""
    parts = replaced(Parts(), http=partial(Http, timeout_s=8), random=lambda _: Random(1))
    endpoint = Endpoint(venue="binance", product="linear", rest=base, ws="")
    return prepare(endpoint, {}, parts, client_id=CLIENT_ID, client_id_length=CLIENT_ID_LENGTH)


def talk(script: Script, dialogue: Dialogue[Result]) -> Result:
    """Run a dialogue between a transport and the scripted venue."""

    async def main() -> Result:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", script.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        credentials, base = {"apiKey": KEY, "secret": SECRET}, f"http://{host}:{port}"
        ground = ground_at(base)
        http, sync = ground.http, ground.sync
        await http.start()
        rest = Rest(product_of("linear"), base, credentials, ground)
        try:
            await sync.sync(rest.server_time)
            return await dialogue(rest, script)
        finally:
            await http.close()
            await runner.cleanup()

    return run(main())


async def change(rest: Rest, script: Script) -> wire.LeverageRow:
    return await rest.act("leverage", wire.LeverageRow, symbol="BTCUSDT", leverage=7)


async def question(rest: Rest, script: Script) -> list[wire.SettingRow]:
    return await rest.ask("settings", list[wire.SettingRow], symbol="BTC/USDT é")


def error_of(script: Script, dialogue: Dialogue[object]) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        talk(script, dialogue)
    return caught.value


def said_error(code: int, text: str = "…", status: int = 400, **headers: str) -> Said:
    return Said(status, f'{{"code":{code},"msg":"{text}"}}', headers)


def test_the_signature_covers_the_bytes_sent() -> None:
    script = Script(Said(body="[]"))
    talk(script, question)
    talk(posted := Script(Said()), change)
    for signed in (script.requests[0][1].split("?", 1)[1], posted.requests[0][2]):
        text, signature = signed.rsplit("&signature=", 1)
        assert signature == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    method, path, body, headers = posted.requests[0]
    assert (method, path, headers["X-MBX-APIKEY"]) == ("POST", "/fapi/v1/leverage", KEY)
    assert dict(parse_qsl(body)) | {"symbol": "BTCUSDT", "leverage": "7", "recvWindow": "5000"} == dict(parse_qsl(body))


def test_stamps_follow_the_venues_clock() -> None:
    script = Script(Said(), ahead_s=3600)
    talk(script, change)
    stamp_ms = int(dict(parse_qsl(script.requests[0][2]))["timestamp"])
    virtual_start_ms = 1795521900000
    assert 0 <= stamp_ms - (virtual_start_ms + 3_600_000) < 5000


@pytest.mark.parametrize("status", [200, 400])
def test_a_refusal_counts_on_any_status(status: int) -> None:
    error = error_of(Script(said_error(-2019, "Margin is insufficient.", status)), change)
    assert isinstance(error, Rejected)
    assert (error.reason, error.code, error.text) == (
        Reason.INSUFFICIENT_MARGIN,
        "-2019",
        "Margin is insufficient.",
    )


CHANGES = [
    (Said(0), OutcomeUnknown),
    (said_error(-1007, status=408), OutcomeUnknown),
    (said_error(-1000, "Unknown error, please check your request or try again later.", 503), OutcomeUnknown),
    (Said(503, "Unknown error, please check your request or try again later."), OutcomeUnknown),
    (Said(503, "Service Unavailable."), VenueDown),
    (said_error(-1001, "Service Unavailable.", 503), VenueDown),
    (said_error(-1008, status=503), VenueDown),
    (said_error(-1016, status=503), VenueDown),
    (Said(200, '{"239999":"Invalid account."}'), VenueDown),
    (Said(200, "<html>busy</html>"), OutcomeUnknown),
    (Said(502, "<html>bad gateway</html>"), OutcomeUnknown),
    (Said(200, LEVERAGE[:20]), OutcomeUnknown),
    (Said(200, ""), OutcomeUnknown),
    (Said(200, '{"unexpected":true}'), OutcomeUnknown),
    (Said(451, '{"code":0,"msg":"restricted location"}'), AuthFailed),
    (said_error(-2014, status=401), AuthFailed),
    (said_error(-99999), Rejected),
]


@pytest.mark.parametrize(("said", "kind"), CHANGES)
def test_what_an_answer_to_a_change_means(said: Said, kind: type[AdapterError]) -> None:
    script = Script(said)
    assert isinstance(error_of(script, change), kind)
    assert len(script.requests) == 1


QUESTIONS = [
    (Said(200, "<html>busy</html>"), BadAnswer),
    (Said(502, "<html>bad gateway</html>"), BadAnswer),
    (Said(200, "[{"), BadAnswer),
    (Said(200, ""), BadAnswer),
    (Said(200, "{}"), BadAnswer),
    (Said(503, ""), VenueDown),
    (said_error(-1007, status=408), VenueDown),
    (Said(0), VenueDown),
]


@pytest.mark.parametrize(("said", "kind"), QUESTIONS)
def test_what_an_answer_to_a_question_means(said: Said, kind: type[AdapterError]) -> None:
    assert type(error_of(Script(said), question)) is kind


def test_a_question_whose_answer_was_lost_is_asked_again() -> None:
    script = Script(Said(0), Said(body="[]"))
    assert talk(script, question) == []
    assert len(script.requests) == 2


def test_a_slow_answer_to_a_change_is_unknown_and_not_sent_again() -> None:
    class Slow(Script):
        async def handle(self, request: web.Request) -> web.StreamResponse:
            if request.path != "/fapi/v1/time":
                self.requests.append((request.method, request.path, "", {}))
                await asyncio.sleep(60)
            return await super().handle(request)

    script = Slow(Said())
    assert type(error_of(script, change)) is OutcomeUnknown
    assert len(script.requests) == 1


@pytest.mark.parametrize("method", ["cancel", "amend"])
def test_no_request_is_repeated_by_the_library_when_the_connection_breaks(method: str) -> None:
    async def dialogue(rest: Rest, script: Script) -> object:
        await rest.ask("settings", list[wire.SettingRow])  # so that the connection is one that was used before
        return await rest.act(method, wire.OrderRow, symbol="BTCUSDT", orderId=1)

    script = Script(Said(body="[]"), Said(0))
    assert type(error_of(script, dialogue)) is OutcomeUnknown
    assert len(script.requests) == 2


def test_an_unreachable_venue_got_nothing() -> None:
    async def main() -> None:
        ground = ground_at("http://127.0.0.1:1")
        http = ground.http
        await http.start()
        rest = Rest(product_of("linear"), "http://127.0.0.1:1", {}, ground)
        try:
            with pytest.raises(NotSent):
                await rest.act("leverage", wire.LeverageRow, symbol="BTCUSDT", leverage=7)
        finally:
            await http.close()

    run(main())


def test_a_refused_clock_is_corrected_and_the_request_sent_once_more() -> None:
    script = Script(said_error(-1021), Said())
    talk(script, change)
    assert (len(script.requests), script.time_asked) == (2, 10)


def test_a_clock_that_stays_refused_is_told() -> None:
    script = Script(said_error(-1021))
    assert type(error_of(script, change)) is ClockSkew
    assert len(script.requests) == 2


def test_haste_is_answered_with_growing_pauses_and_bounded_tries() -> None:
    script = Script(said_error(-1003, status=429))
    error = error_of(script, change)
    assert type(error) is RateLimited
    pauses = [later - earlier for earlier, later in pairwise(script.at_s)]
    assert len(script.at_s) <= 4
    assert all(later > 1.5 * earlier for earlier, later in pairwise(pauses))


def test_after_the_pause_it_goes_on() -> None:
    script = Script(said_error(-1015, status=429), Said())
    assert talk(script, change).leverage == 7


def test_a_told_pause_is_kept() -> None:
    script = Script(Said(429, '{"code":-1003,"msg":"…"}', {"Retry-After": "9"}), Said())
    talk(script, change)
    assert script.at_s[1] - script.at_s[0] >= 9


BAN_S = 7200


def ban_text() -> str:
    return f"Way too many requests; IP banned until {(SystemClock().wall_ns() + BAN_S * SECOND_NS) // MS_NS}."


async def through_a_ban(rest: Rest, script: Script) -> None:
    with pytest.raises(Banned) as caught:
        await change(rest, script)
    left_s = (caught.value.until_ns - SystemClock().wall_ns()) / SECOND_NS
    assert BAN_S - 5 < left_s <= BAN_S
    sent, asked = len(script.requests), script.time_asked
    for _ in range(3):
        with pytest.raises(Banned):
            await question(rest, script)
        await asyncio.sleep(BAN_S / 4)
    assert (len(script.requests), script.time_asked) == (sent, asked)
    script.answers, script.time_answer = [Said()], None
    await asyncio.sleep(BAN_S / 4 + 10)
    assert (await change(rest, script)).leverage == 7


def test_nothing_is_sent_into_a_ban() -> None:
    async def dialogue(rest: Rest, script: Script) -> None:
        script.answers = [said_error(-1003, ban_text(), 418)]
        await through_a_ban(rest, script)

    talk(Script(Said()), dialogue)


def test_of_two_told_ends_of_a_ban_the_later_one_counts() -> None:
    async def dialogue(rest: Rest, script: Script) -> None:
        script.answers = [said_error(-1003, ban_text(), 418, **{"Retry-After": str(BAN_S + 600)})]
        with pytest.raises(Banned) as caught:
            await change(rest, script)
        assert caught.value.until_ns >= SystemClock().wall_ns() + (BAN_S + 599) * SECOND_NS

    talk(Script(Said()), dialogue)


def test_a_good_key_called_bad_during_a_ban_is_a_ban() -> None:
    async def dialogue(rest: Rest, script: Script) -> None:
        await change(rest, script)
        script.answers, script.time_answer = [said_error(-2015, status=401)], said_error(-1003, ban_text(), 418)
        await through_a_ban(rest, script)

    talk(Script(Said()), dialogue)


def test_a_good_key_called_bad_without_a_ban_was_revoked() -> None:
    async def dialogue(rest: Rest, script: Script) -> None:
        await change(rest, script)
        script.answers = [said_error(-2015, status=401)]
        with pytest.raises(AuthFailed):
            await change(rest, script)

    talk(Script(Said()), dialogue)


def test_no_secret_is_logged_or_hangs_on_an_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = [
        "".join(traceback.format_exception(error_of(Script(said), dialogue)))
        for said in (Said(0), Said(200, "<html/>"), said_error(-1102))
        for dialogue in (change, question)
    ]
    for text in (caplog.text, *told):
        assert KEY not in text
        assert SECRET not in text
        assert "signature=" not in text


@pytest.mark.parametrize(
    ("may", "multi", "told"),
    [("true", "false", []), ("true", "true", ["multi-assets mode"]), ("false", "false", ["the account may not trade"])],
)
def test_what_is_unusual_about_an_account_is_told_at_the_start(
    may: str, multi: str, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def look(rest: Rest, script: Script) -> None:
        await Binance(product_of("linear"), rest, True).look_at_account()

    talk(Script(Said(200, f'{{"canTrade":{may},"multiAssetsMargin":{multi}}}')), look)
    assert [record.getMessage().split(":")[0] for record in caplog.records if record.levelname == "WARNING"] == told
