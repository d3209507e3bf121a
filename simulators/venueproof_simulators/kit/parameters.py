"""What a caller sent, read strictly: a value that is not what it must be is the venue's error, never an exception.

Values come from a query, a form, a JSON object or the params of a remote call. They are kept as text, so that one
operation serves all of these; a number in JSON is kept as it is spelled. What is no scalar (lists, objects) is kept as
it is: `rows`, `words` and `nested` read that.

What fails raises `VenueError` with one of these keys, which a venue's `facts/errors.toml` puts into its own words (with
the fields `parameter` and, where there is one, `value`):

    missing              it must be there              empty       it is there and says nothing
    malformed            no number; also `legal`       not-valid   well formed, but out of range or no flag
    surplus              it has no business there      duplicate   it was sent twice
    too-many-parameters, not-json, time-range, time-span
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Self, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec

from venueproof_simulators.host.decimals import plain
from venueproof_simulators.kit.refusing import VenueError

PARAMETERS_MAX = 200
LEGAL_INTEGER = "^[0-9]{1,20}$"
LEGAL_NUMBER = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_DIGITS_MAX = 19
_LONG_MAX = 2**63 - 1
_EXPONENT_MAX = 30
_DAY_MS = 86_400_000
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_SCIENTIFIC = re.compile(r"-?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]{1,3}")
_FLAGS = {"true": True, "false": False}
_NO_NESTED: Mapping[str, object] = {}
_T = TypeVar("_T")


class Spelled(str):
    """A number of JSON with a fraction or an exponent, as it is spelled: signatures and echoes need it so."""

    __slots__ = ()


_DECODER = msgspec.json.Decoder(float_hook=Spelled)


class Parameters:
    """The values of one request by name."""

    __slots__ = ("_nested", "_values")

    def __init__(self, values: Mapping[str, str], nested: Mapping[str, object] = _NO_NESTED) -> None:
        self._values = values
        self._nested = nested

    # --- what was sent ---

    def has(self, name: str) -> bool:
        """Whether it was sent and is not empty."""
        return bool(self._values.get(name)) or name in self._nested

    def lacks(self, names: frozenset[str]) -> bool:
        """Whether none of these was sent."""
        return names.isdisjoint(self._values) and names.isdisjoint(self._nested)

    def stated(self) -> Self:
        """The same without texts that say nothing, for venues to which an empty text is as good as not sent."""
        return type(self)({name: value for name, value in self._values.items() if value}, self._nested)

    def refuse(self, names: Iterable[str]) -> None:
        """Raise `surplus` for the first of these that was sent."""
        for name in names:
            if self.has(name):
                raise VenueError("surplus", parameter=name)

    def raw(self, name: str) -> str | None:
        """What was sent, as it was; None also for what is no scalar."""
        return self._values.get(name)

    # --- texts and words ---

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self._values.get(name)
        if not value:
            raise VenueError("missing", parameter=name)
        return value

    def optional(self, name: str) -> str | None:
        """A text that may be missing, but not empty."""
        value = self._values.get(name)
        if value == "":
            raise VenueError("empty", parameter=name)
        return value

    def word(self, name: str, allowed: Mapping[str, object] | frozenset[str], error: str, default: str) -> str:
        """One of the allowed words, spelled exactly so; otherwise the error of that key."""
        value = self.optional(name)
        if value is None:
            return default
        if value not in allowed:
            raise VenueError(error, parameter=name, value=value)
        return value

    def choice(self, name: str, allowed: Mapping[str, _T], error: str) -> _T:
        """What a word stands for, which must be there and spelled exactly so; otherwise the error of that key."""
        value = self._values.get(name)
        if value is None:
            raise VenueError("missing", parameter=name)
        found = allowed.get(value)
        if found is None:
            raise VenueError(error if value else "empty", parameter=name, value=value)
        return found

    def option(self, name: str, allowed: Mapping[str, _T], error: str, default: _T) -> _T:
        """The same of a word that may be missing."""
        return default if self._values.get(name) is None else self.choice(name, allowed, error)

    def flag(self, name: str) -> bool | None:
        """`true` or `false`, in any case, or None when it was not sent."""
        value = self.optional(name)
        if value is None:
            return None
        if value.lower() not in _FLAGS:
            raise VenueError("not-valid", parameter=name, value=value)
        return _FLAGS[value.lower()]

    # --- numbers ---

    def integer(self, name: str) -> int | None:
        """A whole number of 63 bits that is not negative, or None when it was not sent."""
        value = self._values.get(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX):
            self.optional(name)
            raise VenueError("malformed", parameter=name, value=value, legal=LEGAL_INTEGER)
        number = int(value)
        if number > _LONG_MAX:
            raise VenueError("not-valid", parameter=name, value=value)
        return number

    def within(self, name: str, least: int, most: int, default: int) -> int:
        """A whole number in a range; `default` when it was not sent."""
        value = self.integer(name)
        if value is None:
            return default
        if not least <= value <= most:
            raise VenueError("not-valid", parameter=name, value=value, least=least, most=most)
        return value

    def number(self, name: str) -> str:
        """A number that must be there: not negative, without exponent, as it was sent."""
        value = self._values.get(name)
        if value is not None and _DECIMAL.fullmatch(value):
            return value
        if self.optional(name) is None:
            raise VenueError("missing", parameter=name)
        raise VenueError("malformed", parameter=name, value=value, legal=LEGAL_NUMBER)

    def number_or_none(self, name: str) -> str | None:
        """The same of a number that may be missing or empty."""
        return self.number(name) if self._values.get(name) else None

    def period(self, start: str, end: str, days_max: int = 0) -> tuple[int | None, int | None]:
        """Two times in ms: in order, and no further apart than `days_max` (0: any)."""
        begin, until = self.integer(start), self.integer(end)
        if begin is not None and until is not None:
            if begin > until:
                raise VenueError("time-range", parameter=start)
            if days_max and until - begin > days_max * _DAY_MS:
                raise VenueError("time-span", parameter=start, days=days_max)
        return begin, until

    # --- what is no scalar ---

    def nested(self, name: str) -> object:
        """A list or object of JSON as it was sent; None when there is none under that name."""
        return self._nested.get(name)

    def rows(self, name: str) -> list[Parameters]:
        """A list of objects that must be there, each read like a request of its own."""
        value = self._nested.get(name)
        if not isinstance(value, list):
            raise VenueError("not-valid" if name in self._values else "missing", parameter=name)
        return [as_parameters(item, name) for item in cast(list[object], value)]

    def words(self, name: str) -> list[str]:
        """A list of texts that must be there."""
        value = self._nested.get(name)
        if not isinstance(value, list):
            raise VenueError("not-valid" if name in self._values else "missing", parameter=name)
        texts = [item for item in cast(list[object], value) if isinstance(item, str)]
        if len(texts) < len(cast(list[object], value)):
            raise VenueError("not-valid", parameter=name)
        return texts


def needed(name: str, value: _T | None) -> _T:
    """A value that must be there. Raises `VenueError`."""
    if value is None:
        raise VenueError("missing", parameter=name)
    return value


# --- reading ----------------------------------------------------------------------------------------------------------


def read_pairs(text: str) -> dict[str, str]:
    """The values of a query or a form. Raises `VenueError`."""
    pairs = _unquoted(text) if "%" in text or "+" in text else _split(text)
    try:
        values = dict(pairs)
    except ValueError:  # a name stands alone
        pairs = _unquoted(text)
        values = dict(pairs)
    if len(values) != len(pairs):
        raise VenueError("duplicate")
    values.pop("", None)
    return values


def _split(text: str) -> list[list[str]]:
    """Names and values where there is nothing to unquote, as in most requests."""
    parts = text.split("&")
    if len(parts) > PARAMETERS_MAX:
        raise VenueError("too-many-parameters")
    return [part.split("=", 1) for part in parts]


def _unquoted(text: str) -> list[list[str]]:
    try:
        return [list(pair) for pair in parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)]
    except ValueError as fault:
        raise VenueError("too-many-parameters") from fault


def decode_json(text: str | bytes) -> object:
    """A JSON text; numbers with a fraction or an exponent as `Spelled`. Raises `VenueError(not-json)`."""
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
        raise VenueError("not-json") from fault


def read_json(body: str | bytes) -> Parameters:
    """The values of a JSON object. Raises `VenueError`."""
    return as_parameters(decode_json(body), "")


def as_parameters(value: object, name: str) -> Parameters:
    """An object of JSON that was sent under a name (empty: as the whole) as parameters; null is as good as not sent."""
    if not isinstance(value, dict):
        raise VenueError("not-valid", parameter=name) if name else VenueError("not-json")
    sent = cast(dict[str, Any], value)
    if len(sent) > PARAMETERS_MAX:
        raise VenueError("too-many-parameters")
    values = {key: as_text(one) for key, one in sent.items() if isinstance(one, str | int)}
    nested: dict[str, object] = {key: one for key, one in sent.items() if isinstance(one, list | dict)}
    return Parameters(values, nested)


def as_text(value: str | int) -> str:
    """A scalar of JSON as a query would have it: `true`, `10`, `0.00001`."""
    if isinstance(value, Spelled):
        return _without_exponent(value)
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_exponent(value: Spelled) -> str:
    """`1e-05` as `0.00001`; what is out of all proportion stays as it is, and is malformed then."""
    if _SCIENTIFIC.fullmatch(value):
        number = Decimal(value)
        return plain(number) if abs(number.adjusted()) <= _EXPONENT_MAX else str(value)
    return str(value)
