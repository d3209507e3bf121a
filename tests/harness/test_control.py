"""The control plane: the bench over HTTP, for this machine and for nobody's web page."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

import venueproof
from venueproof.simulation import Setting, SimulatedVenue, running
from venueproof_contracts.actions import ACTION_TYPES, action_name
from venueproof_simulators.engine.journal import JournalStoppedError

BTC = "BTC/USDT:USDT"
JSON = {"Content-Type": "application/json"}
Body = Callable[[SimulatedVenue, aiohttp.ClientSession], Awaitable[None]]


def with_venue(body: Body, token: str = "") -> None:
    async def main() -> None:
        async with running(Setting(venue="binance", seed=7, token=token)) as venue, aiohttp.ClientSession() as session:
            await body(venue, session)

    asyncio.run(main())


async def post(venue: SimulatedVenue, session: aiohttp.ClientSession, name: str, data: Any) -> tuple[int, Any]:
    async with session.post(f"{venue.control_url}/{name}", data=data, headers=JSON) as reply:
        return reply.status, await reply.json()


def test_actions_and_truth_over_http_are_those_in_python() -> None:
    async def body(venue: SimulatedVenue, session: aiohttp.ClientSession) -> None:
        intent = {
            "intent_id": "mine",
            "instrument": BTC,
            "side": "buy",
            "type": "limit",
            "amount": "0.010",
            "price": "59000.0",
        }
        wish = json.dumps({"do": "act_as_other_client", "intent": intent})
        status, answer = await post(venue, session, "actions", wish)
        assert status == 200
        await post(venue, session, "actions", b'{"do":"fill","instrument":"%s","order_id":"1"}' % BTC.encode())
        async with session.get(f"{venue.control_url}/truth") as reply:
            truth = await reply.json()
        assert [order["status"] for order in truth["orders"]] == ["filled"]
        assert truth["orders"][0]["ref"]["venue_id"] == answer["order_id"]
        assert (await venue.bench.truth()).fills[0].ref.intent_id == "mine"

    with_venue(body)


def test_the_document_names_every_action_and_every_reference_leads_somewhere() -> None:
    async def body(venue: SimulatedVenue, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{venue.control_url}/openapi.json") as reply:
            document = await reply.json()
        body = document["paths"]["/_venueproof/actions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert set(body["discriminator"]["mapping"]) == {action_name(kind) for kind in ACTION_TYPES}
        assert set(_references(document)) <= {
            f"#/components/schemas/{name}" for name in document["components"]["schemas"]
        }
        for path in document["paths"]:
            for method in document["paths"][path]:
                async with session.request(method, venue.rest_url + path, data=b"{", headers=JSON) as reply:
                    assert reply.status in (200, 400), (method, path)

    with_venue(body)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [value["$ref"]] if "$ref" in value else []
        return found + [one for item in value.values() for one in _references(item)]
    return [one for item in value for one in _references(item)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "Input data was truncated"),
        (b"{", "Input data was truncated"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe", "malformed"),
        (b'{"do":"act_as_other_client","intent":' + b'{"trigger":' * 50_000, ""),
        (b'{"do":"nothing"}', "Invalid value 'nothing'"),
        (b'{"do":"ban"}', "for_s"),
        (b'{"do":"ban","for_s":"1","more":1}', "more"),
        (b'{"do":"ban","for_s":"NaN"}', "NaN"),
        (b'{"do":"ban","for_s":"-1"}', "between 0 and"),
        (b'{"do":"skew_venue_clock","ms":' + b"9" * 30 + b"}", ""),
        (b'{"do":"ban","for_s":"1e999999"}', "seconds"),
        (b'{"do":"set_price","instrument":"NO","price":"1"}', "no instrument 'NO'"),
        (b'{"do":"set_price","instrument":"BTC/USDT:USDT","price":"-1e400"}', ""),
        (b'{"do":"switch_quirk","quirk":"nope","on":true}', "nope"),
    ],
)
def test_bad_input_is_one_line(data: bytes, complaint: str) -> None:
    async def body(venue: SimulatedVenue, session: aiohttp.ClientSession) -> None:
        status, answer = await post(venue, session, "actions", data)
        assert (status, list(answer)) == (400, ["error"])
        assert complaint in answer["error"]
        assert "\n" not in answer["error"]
        assert len(answer["error"]) <= 300
        assert venue.bench.faults() == []

    with_venue(body)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({}, 200),
    ],
)
def test_web_pages_of_others_are_kept_out(headers: dict[str, str], status: int) -> None:
    async def body(venue: SimulatedVenue, session: aiohttp.ClientSession) -> None:
        data = b'{"do":"skew_venue_clock","ms":5}'
        async with session.post(f"{venue.control_url}/actions", data=data, headers={**JSON, **headers}) as reply:
            assert reply.status == status
        time = venue.simulator.time()
        assert time.wire_ns - time.true_ns == (5_000_000 if status == 200 else 0)

    with_venue(body)


def test_a_token_opens_and_is_needed() -> None:
    async def body(venue: SimulatedVenue, session: aiohttp.ClientSession) -> None:
        statuses = []
        for given in (None, "Bearer", "Bearer wrong", "Bearer s3cret"):
            headers = {"Host": "sim.example"} | ({} if given is None else {"Authorization": given})
            async with session.get(f"{venue.control_url}/powers", headers=headers) as reply:
                statuses.append(reply.status)
        assert statuses == [401, 401, 401, 200]

    with_venue(body, token="s3cret")


def test_unknown_paths_wrong_methods_and_huge_bodies() -> None:
    async def body(venue: SimulatedVenue, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{venue.control_url}/nope") as reply:
            assert reply.status == 404
        async with session.get(f"{venue.control_url}/actions") as reply:
            assert reply.status == 405
        status, _ = await post(venue, session, "actions", io.BytesIO(b" " * (2 << 20)))
        assert status == 413
        async with session.get(f"{venue.control_url}/wire?since=x") as reply:
            assert reply.status == 400
        async with session.get(f"{venue.control_url}/market?instrument=x") as reply:
            assert reply.status == 400

    with_venue(body)


def test_provocations_are_listed_and_shown() -> None:
    async def body(venue: SimulatedVenue, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{venue.control_url}/provocations") as reply:
            offered = await reply.json()
        assert offered == [] or set(offered[0]) == {"kind", "case", "title", "refuted"}
        status, answer = await post(venue, session, "provoke", b'{"kind":"rate.ban","case":"no","instrument":"x"}')
        assert (status, "no case 'no'" in answer["error"]) == (400, True)
        assert (await post(venue, session, "settle", b"{}"))[0] == 200

    with_venue(body)


def test_the_control_plane_is_on_the_first_origin_only() -> None:
    async def main() -> list[int]:
        async with venueproof.simulate("binance") as venue, aiohttp.ClientSession() as session:
            statuses = []
            for local in dict.fromkeys(url for url in venue.origins.values() if url.startswith("http")):
                async with session.get(f"{local}/_venueproof/powers") as reply:
                    statuses.append(reply.status)
            return statuses

    first, *others = asyncio.run(main())
    assert first == 200
    assert 200 not in others


def test_a_venue_that_is_served_for_days_keeps_no_journal_of_its_engine_and_the_last_rows_of_the_wires() -> None:
    async def story() -> None:
        async with running(Setting(venue="binance", journal_rows=10)) as venue, aiohttp.ClientSession() as session:
            for _ in range(8):
                async with session.get(f"{venue.rest_url}/fapi/v1/time") as reply:
                    assert reply.status == 200
            assert len(venue.simulator.journal.rows()) == 10
            assert len(venue.simulator.journal) == 16
            assert len(venue.bench.wire()) == len(venue.bench.wire()) == 10
            with pytest.raises(JournalStoppedError):
                venue.simulator.venue.engine.journal.rows()

    asyncio.run(story())
