"""Parameters as Kraken takes them: from query and form alike; lists are names that are repeated."""

from __future__ import annotations

from decimal import Decimal
from typing import cast
from urllib.parse import unquote_plus

from venueproof_simulators.kit import parameters
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError

LISTS = frozenset({"orderIds", "cliOrdIds"})
"""What may be sent several times."""
_SUFFIX = "[]"


def read_parameters(query: str, body: bytes) -> Parameters:
    """The values of a request. Raises `VenueError`."""
    try:
        form = body.decode()
    except UnicodeDecodeError as fault:
        raise VenueError("not-valid", parameter="body") from fault
    lists: dict[str, object] = {}
    values: dict[str, str] = {}
    for text in filter(None, (query, form)):
        single = "&".join(part for part in text.split("&") if not _listed(part, lists))
        for name, value in parameters.read_pairs(single).items() if single else ():
            if name in values:
                raise VenueError("duplicate", parameter=name)
            values[name] = value
    return Parameters(values, lists)


def _listed(part: str, lists: dict[str, object]) -> bool:
    """Whether a part of a form is an item of a list; it is put there then."""
    name, _, value = part.partition("=")
    name = name.removesuffix(_SUFFIX)
    if name not in LISTS:
        return False
    before = lists.get(name)
    given = unquote_plus(value).split(",")
    lists[name] = [*cast(list[str], before), *given] if isinstance(before, list) else given
    return True


def number(given: Parameters, name: str) -> str:
    """A number that must be there, also with an exponent: clients in several languages write small ones so."""
    text = given.text(name)
    return without_exponent(text, name)


def number_or_none(given: Parameters, name: str) -> str | None:
    """The same of one that may be missing or empty."""
    text = given.raw(name)
    return without_exponent(text, name) if text else None


def without_exponent(text: str, name: str) -> str:
    """A plain, not negative number. Raises `VenueError`."""
    return Parameters({name: parameters.as_text(parameters.Spelled(text))}).number(name)


def decimal(text: str) -> Decimal:
    """A number that was read before."""
    return Decimal(text)
