import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from venueproof_reports import Certificate, CertificateError, dumps, load, loads, seal
from venueproof_reports.reading import SCHEMA_PATH, schema


def test_published_schema_is_the_generated_one() -> None:
    assert SCHEMA_PATH.read_bytes() == schema(), "call venueproof_reports.reading.write_schema()"


def test_written_certificate_is_valid_by_the_published_schema(failing: Certificate) -> None:
    published = json.loads(SCHEMA_PATH.read_bytes())
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(json.loads(dumps(failing)), published, cls=jsonschema.Draft202012Validator)


def test_certificate_survives_its_file(failing: Certificate, tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    path.write_bytes(dumps(failing))
    assert load(path) == failing


def test_digest_does_not_depend_on_the_layout_of_the_file(failing: Certificate) -> None:
    compact = json.dumps(json.loads(dumps(failing)), separators=(",", ":"), sort_keys=True)
    assert loads(compact.encode()) == failing


def test_order_of_rows_handed_in_does_not_matter(failing: Certificate) -> None:
    shuffled = seal(failing.header, failing.runs, failing.results[::-1], failing.kills[::-1], failing.not_proven)
    assert shuffled == failing


def _change(document: Any, *path: str | int, value: object) -> bytes:
    *where, last = path
    target = document
    for step in where:
        target = target[step]
    target[last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("results", 3, "outcome"), "tolerated", "digest does not match"),
        (("runs", 0, "observed"), True, "digest does not match"),
        (("kills", 0, "killed"), False, "digest does not match"),
        (("header", "claim"), "full", "digest does not match"),
        (("footer", "totals", "fail"), 0, "digest does not match"),
        (("footer", "digest"), "0" * 64, "digest does not match"),
        (("footer",), {}, "missing required field `totals`"),
        (("results", 0, "outcome"), "great", "Invalid enum value 'great'"),
        (("header", "surprise"), 1, "unknown field `surprise`"),
        (("runs", 0, "wall_seconds"), -1, "`$.runs[0].wall_seconds`"),
        (("runs", 0, "seeds"), [10**30], "`$.runs[0].seeds[0]`"),
    ],
)
def test_changed_certificate_is_refused(
    failing: Certificate, path: tuple[str | int, ...], value: object, said: str
) -> None:
    with pytest.raises(CertificateError) as caught:
        loads(_change(json.loads(dumps(failing)), *path, value=value), "old.json")
    assert str(caught.value).startswith("old.json: ")
    assert said in str(caught.value)


def test_rows_that_contradict_each_other_are_refused(failing: Certificate) -> None:
    twice = seal(failing.header, failing.runs, [failing.results[0], failing.results[0]])
    with pytest.raises(CertificateError, match="two rows for native binance linear vendor AMD-010"):
        loads(dumps(twice))
    orphan = seal(failing.header, failing.runs[1:], failing.results[:1])
    with pytest.raises(CertificateError, match="native on binance, which did not run"):
        loads(dumps(orphan))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 1_000_000,
        b'{"header":{"facts_dates":' + b'{"a":' * 1_000_000,
        b'{"header":{"product_version":' + b"9" * 1_000_000,
        b'{"header":NaN}',
        b'{"\\n\\u001b[31m":1}',
    ],
    ids=["empty", "binary", "null", "deep-list", "deep-object", "long-number", "nan", "control-characters"],
)
def test_broken_file_is_one_line(data: bytes) -> None:
    with pytest.raises(CertificateError) as caught:
        loads(data, "x.json")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="No such file"):
        load(tmp_path / "none.json")


def test_file_that_is_too_large_is_refused(
    failing: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(dumps(failing))
    monkeypatch.setattr("venueproof_reports.reading.SIZE_MAX_BYTES", 1 << 10)
    with pytest.raises(CertificateError, match="larger than"):
        load(path)


@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_noise_is_never_anything_but_refused(data: bytes) -> None:
    with pytest.raises(CertificateError):
        loads(data)


@given(text=st.text(st.characters(codec=None, categories=None), max_size=60))
def test_any_text_of_an_adapter_can_be_sealed_and_read_back(small: Certificate, text: str) -> None:
    row = small.results[0]
    evidence = msgspec.structs.replace(row.evidence, message=text, notes=(text,))
    sealed = seal(small.header, small.runs, [msgspec.structs.replace(row, evidence=evidence)])
    assert loads(dumps(sealed)) == sealed
