"""Reading and writing a certificate: one strict door for files that may be broken or hostile.

A file is accepted only if it is small enough, JSON, of exactly the published shape (unknown fields are refused, so the
depth is bounded by the shape), carries the digest of its own content, and counts what it holds. Anything else is a
``CertificateError`` whose text is one line.
"""

import hashlib
import json
from pathlib import Path

import msgspec

from venueproof_reports.certificate import Certificate, Result, result_key, tally

SIZE_MAX_BYTES = 256 * 1024 * 1024
SCHEMA_PATH = Path(__file__).with_name("certificate.schema.json")

_DECODER = msgspec.json.Decoder(Certificate)
_MESSAGE_MAX_CHARS = 300


class CertificateError(ValueError):
    """A certificate that cannot be used: one line saying which, what is wrong, and what to do."""


def dumps(certificate: Certificate) -> bytes:
    """The certificate as indented JSON in UTF-8, ending with a newline."""
    return msgspec.json.format(msgspec.json.encode(certificate), indent=1) + b"\n"


def loads(data: bytes, name: str = "certificate") -> Certificate:
    """Read a certificate from bytes; ``name`` is what an error calls it. Raises CertificateError."""
    if len(data) > SIZE_MAX_BYTES:
        raise _error(name, f"larger than {SIZE_MAX_BYTES >> 20} MiB; split the run with --shard")
    try:
        certificate = _DECODER.decode(data)
    except msgspec.ValidationError as error:
        raise _error(name, f"not a certificate of this version: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _error(name, f"not JSON: {error}") from None
    if certificate.footer.digest != _digest_in(data):
        raise _error(name, "digest does not match the content: the file was changed after it was issued; run again")
    _check(certificate, name)
    return certificate


def load(path: Path | str) -> Certificate:
    """Read a certificate from a file. Raises CertificateError, also when the file cannot be read."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(SIZE_MAX_BYTES + 1)
    except OSError as error:
        raise _error(str(path), error.strerror or type(error).__name__) from None
    return loads(data, str(path))


def schema() -> bytes:
    """The JSON Schema of a certificate, generated from the structs."""
    text = json.dumps(msgspec.json.schema(Certificate), indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode() + b"\n"


def write_schema(path: Path = SCHEMA_PATH) -> None:
    """Write the generated schema to where the package publishes it."""
    path.write_bytes(schema())


def _check(certificate: Certificate, name: str) -> None:
    if certificate.footer.totals != tally(certificate.results):
        raise _error(name, "totals do not match the rows; run again")
    runs = {(run.adapter, run.venue) for run in certificate.runs}
    if len(runs) != len(certificate.runs):
        raise _error(name, "the same adapter and venue run twice; run again")
    _check_rows(certificate.results, runs, name)


def _digest_in(data: bytes) -> str:
    """The digest over what a file holds: one from before a field that may be absent was added stays whole."""
    document: dict[str, dict[str, str]] = msgspec.json.decode(data)
    document["footer"]["digest"] = ""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def _check_rows(results: tuple[Result, ...], runs: set[tuple[str, str]], name: str) -> None:
    seen: set[tuple[str, ...]] = set()
    for row in results:
        key = result_key(row)
        if key in seen:
            raise _error(name, f"two rows for {' '.join(key)}; run again")
        if key[:2] not in runs:
            raise _error(name, f"a row for {row.adapter} on {row.venue}, which did not run; run again")
        seen.add(key)


def _error(name: str, problem: str) -> CertificateError:
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in f"{name}: {problem}")
    if len(line) > _MESSAGE_MAX_CHARS:
        line = line[:_MESSAGE_MAX_CHARS] + "…"
    return CertificateError(line)
