"""Parameters as V5 names them: an empty text is as good as not sent."""

from __future__ import annotations

import re

from venueproof_simulators.kit import parameters
from venueproof_simulators.kit.parameters import as_parameters, read_json, read_pairs
from venueproof_simulators.kit.refusing import VenueError

_LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")


class Parameters(parameters.Parameters):
    """The values of one request by name."""

    __slots__ = ()

    def limit(self, default: int, most: int) -> int:
        """Parameter `limit`, from 1 to `most`."""
        return self.within("limit", 1, most, default)

    def link_id(self) -> str:
        """Parameter `orderLinkId`, empty when it was not sent. Raises `VenueError` for one that cannot be."""
        value = self.raw("orderLinkId") or ""
        if value and not _LINK_ID.fullmatch(value):
            raise VenueError("order-link-id-form")
        return value

    def period_ms(self, days_max: int = 0) -> tuple[int | None, int | None]:
        """`startTime` and `endTime` in ms."""
        return self.period("startTime", "endTime", days_max)

    def orders(self) -> list[Parameters]:
        """The list `request` of a batch, each read like a request of its own."""
        return [self.own(one) for one in self.rows("request")]

    @classmethod
    def own(cls, sent: parameters.Parameters) -> Parameters:
        """What was sent, without texts that say nothing."""
        said = sent.stated()
        return cls(said._values, said._nested)


NOTHING = Parameters({})


def read_query(query: str) -> Parameters:
    """The parameters of a GET. Raises `VenueError`."""
    return Parameters.own(parameters.Parameters(read_pairs(query)))


def read_body(body: bytes) -> Parameters:
    """The parameters of a POST. Raises `VenueError`."""
    return Parameters.own(read_json(body)) if body.strip() else NOTHING


def read_object(value: object) -> Parameters:
    """The parameters of a frame. Raises `VenueError`."""
    return Parameters.own(as_parameters(value, "args"))
