"""Whatever is sent, the venue answers in its own envelope: no exception leaves it, and no money is made or lost."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from venueproof_simulators.host.venue import Profile
from venueproof_simulators.venues.deribit.routes.methods import METHODS

from .client import BTC, Client, order, trigger

LINES = [
    "instrument_name currency kind amount contracts type price label time_in_force max_show display_amount",
    "post_only reject_post_only reduce_only trigger_price trigger_offset trigger advanced mmp valid_until",
    "linked_order_type otoco_config order_id detailed count offset start_timestamp end_timestamp resolution",
    "depth start_seq end_seq sorting include_old include_unfilled with_continuation continuation index_name",
    "grant_type client_id client_secret timestamp nonce data signature refresh_token scope interval channels",
    "access_token extended margin_model query expired id",
]
NAMES = [word for line in LINES for word in line.split()]
VALUES = [
    *(BTC, "BTC_USDC-PERPETUAL", "BTC", "any", "future", "option", "limit", "market", "stop_market", "trailing_stop"),
    *("10", "0.001", "59000", "0", "-1", "-0", "NaN", "Infinity", "1e400", "1e-7", "0x10", "1_000", "true", "false"),
    *("null", "[]", "{}", "good_til_day", "last_price", "one_cancels_other", "1D", "240", "9" * 25, "2108380000001"),
    *("SLMS-1", "ETH-SLIS-1", "ETH-1", "client_signature", "session:x", "trade:none", "٣", "²", "%s {0}", "btc_usd"),
]
scalar = st.one_of(st.sampled_from(VALUES), st.integers().map(str), st.floats().map(str), st.text(max_size=30))
json_value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), scalar),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
query = st.dictionaries(st.sampled_from(NAMES), scalar, max_size=8)
params = st.dictionaries(st.sampled_from(NAMES), json_value, max_size=8)
method = st.sampled_from(sorted(METHODS))
fast = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
KEPT = {profile: Client(profile) for profile in Profile}


def _totals(client: Client) -> dict[str, int]:
    return dict(client.venue.engine.totals())


@fast
@given(method, query, st.sampled_from(list(Profile)))
def test_any_query_gets_an_envelope(name: str, values: dict[str, str], profile: Profile) -> None:
    client = KEPT[profile]
    before = _totals(client)
    client.wait(0.3)
    text = urlencode({key: value.encode("utf-8", "surrogatepass") for key, value in values.items()})
    reply = client.request("GET", f"/api/v2/{name}", text, headers=client.basic())
    document = msgspec.json.decode(reply.body)
    assert ("result" in document) is not ("error" in document)
    assert document["jsonrpc"] == "2.0"
    assert _totals(client) == before


@fast
@given(st.sampled_from(["private/buy", "private/sell", "private/edit", "private/close_position"]), query)
def test_a_spoilt_order_gets_an_envelope(name: str, values: dict[str, str]) -> None:
    client = KEPT[Profile.VENDOR]
    client.wait(0.3)
    usual = order() if len(values) % 2 else trigger()
    text = urlencode({**usual, **{key: value.encode("utf-8", "surrogatepass") for key, value in values.items()}})
    reply = client.request("GET", f"/api/v2/{name}", text, headers=client.basic())
    assert reply.status in (200, 400, 401, 403, 429)
    assert msgspec.json.decode(reply.body)["testnet"] is False
    if reply.status == 200:
        client.ask("private/cancel_all")


@fast
@given(method, params, st.one_of(st.integers(0, 2**63), st.text(max_size=20)))
def test_any_params_get_an_envelope(name: str, values: dict[str, object], id: object) -> None:
    client = Client(Profile.FIELD)
    session = client.log_on()
    client.take(session)
    client.send(session, {"jsonrpc": "2.0", "id": id, "method": name, "params": values})
    if name == "private/logout" and client.closed:
        return
    answers = [frame for frame in client.take(session) if frame.get("id") == id]
    assert len(answers) == 1
    assert ("result" in answers[0]) is not ("error" in answers[0])


@fast
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200), json_value.map(msgspec.json.encode)))
def test_any_frame_is_answered(frame: str | bytes) -> None:
    client = KEPT[Profile.VENDOR]
    client.wait(1)
    session = client.open()
    client.send(session, frame)
    (answer,) = client.take(session)
    assert answer["error"]["code"] in (-32700, -32600, -32601, -32602)
    client.venue.closed(session, client.time())


@fast
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_channel_name_is_answered(first: str, second: str) -> None:
    client = KEPT[Profile.VENDOR]
    client.wait(1)
    session = client.log_on()
    names = [first, f"book.{first}.{second}", f"user.{first}.{second}.raw", f"chart.trades.{BTC}.{second}"]
    assert set(client.subscribe(session, *names)) <= set(names)
    client.venue.closed(session, client.time())


@fast
@given(st.dictionaries(st.sampled_from(["authorization", "content-type"]), st.text(max_size=80)))
def test_any_header_is_answered(headers: dict[str, str]) -> None:
    client = KEPT[Profile.VENDOR]
    client.wait(0.1)
    reply = client.request("GET", "/api/v2/private/get_positions", headers=headers)
    assert reply.status in (400, 401)


def test_the_same_story_is_told_twice_alike() -> None:
    def story() -> list[str]:
        client = Client(Profile.FIELD)
        session = client.log_on()
        client.subscribe(session, "user.changes.any.any.raw", f"book.{BTC}.100ms", f"ticker.{BTC}.100ms")
        client.trade("buy", 100)
        client.stop()
        client.move(57000)
        client.wait(86_400)
        return client.heard[session]

    assert story() == story()
