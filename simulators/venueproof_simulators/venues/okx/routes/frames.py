"""Operations on orders over a private connection: frame → operation → answer with the frame's id."""

from __future__ import annotations

from typing import Any

import msgspec

from venueproof_simulators.host.venue import Classified, Message, VenueTime
from venueproof_simulators.kit.parameters import Parameters
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.venues.okx.operations.answers import (
    NAMES,
    PLACED,
    Answer,
    answer_of,
    check_count,
    refusal_row,
    worded,
)
from venueproof_simulators.venues.okx.operations.desk import Account, Call, Desk
from venueproof_simulators.venues.okx.operations.orders import RESTRICTED
from venueproof_simulators.venues.okx.operations.parameters import NOTHING, as_object
from venueproof_simulators.venues.okx.routes.gateway import expires_ms, times
from venueproof_simulators.venues.okx.routes.methods import METHODS, Named, word_of
from venueproof_simulators.venues.okx.streams.control import Request
from venueproof_simulators.venues.okx.streams.names import Url
from venueproof_simulators.venues.okx.streams.sessions import Session
from venueproof_simulators.venues.okx.wire.numbers import Document, Listing
from venueproof_simulators.venues.okx.wire.orders import TAKEN_IN, TAKEN_IN_OVER_SOCKET

NEEDS_CODE = "okx.ws.instidcode-required"
DEMO_MISMATCH = "okx.ws.instidcode-demo-mismatch"
_encode = msgspec.json.Encoder().encode


class Frames:
    """Answers operations on orders."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def classify(self, request: Request) -> Classified:
        """The neutral word for a frame."""
        named = METHODS.get(request.op)
        if named is None:
            return Classified("other", label=request.op)
        try:
            rows = tuple(as_object(row) for row in request.args)
        except VenueError:
            return Classified("other", label=request.op)
        listing = self._listing(rows[0])
        return Classified(word_of(named, rows), listing.symbol if listing is not None else "", request.op)

    def _listing(self, row: Parameters) -> Listing | None:
        code = row.raw("instIdCode") or ""
        if code:
            return self._desk.codes.get(int(code)) if code.isascii() and code.isdigit() else None
        return self._desk.listings.get(row.raw("instId") or "")

    # --- answering ----------------------------------------------------------------------------------------------------

    def answer(self, session: Session, request: Request, time: VenueTime) -> Message:
        """Carry out one operation. Raises `VenueError` for what is no operation, or has none here."""
        named = METHODS.get(request.op)
        if named is None:
            raise VenueError("ws-op", op=request.op)
        if session.url is not Url.PRIVATE:
            raise VenueError("ws-url-op")
        try:
            answer = self._carry_out(session, request, named, time)
        except VenueError as error:
            code, text = worded(self._desk, error)
            answer = Answer([], code, text)
        return self._message(session, request, answer, time)

    def _message(self, session: Session, request: Request, answer: Answer, time: VenueTime) -> Message:
        text = _encode(self._document(request, answer, time)).decode()
        return Message((session.number,), text, topic="session", operation=self._word(request), label=request.op)

    def _word(self, request: Request) -> str:
        return self.classify(request).operation

    def _document(self, request: Request, answer: Answer, time: VenueTime) -> dict[str, Any]:
        """Refusals stand in the rows alone: what is above them says nothing."""
        msg = "" if answer.data else answer.text
        named = {"id": request.id} if request.id else {}
        return {**named, "op": request.op, "code": answer.code, "msg": msg, "data": answer.data, **times(time)}

    def _carry_out(self, session: Session, request: Request, named: Named, time: VenueTime) -> Answer:
        if not session.account:
            raise VenueError("ws-login-first")
        account, endpoint = self._desk.account(session.account), named[1]
        rows = tuple(as_object(row) for row in request.args)
        if not endpoint.batch and len(rows) != 1:
            raise VenueError("ws-args")
        check_count(self._desk, rows)
        expires = expires_ms(request.expires)
        if self._desk.is_closed(time):
            raise VenueError("upgrading")
        if not endpoint.orders:
            return Answer(endpoint.operation(Call(self._desk, account, rows[0], time)))
        if self._desk.switches.on(RESTRICTED) and endpoint.orders != "place":
            raise VenueError("region")
        instruments = [listing.name if (listing := self._listing(row)) is not None else "" for row in rows]
        self._desk.budgets.charge_orders(endpoint.orders, account.name, instruments, time, batch=endpoint.batch)
        return self._rows(session, request, named, account, rows, expires, time)

    def _rows(
        self,
        session: Session,
        request: Request,
        named: Named,
        account: Account,
        rows: tuple[Parameters, ...],
        expires: int | None,
        time: VenueTime,
    ) -> Answer:
        """The rows whose instrument can be found are carried out, each in its place."""
        found: list[Document] = []
        for sent, raw in zip(rows, request.args, strict=True):
            call = Call(self._desk, account, NOTHING, time, expires_ms=expires)
            try:
                sent = self._with_name(session, sent, raw)
            except VenueError as error:
                found.append(refusal_row(call, NAMES[named[1].orders], sent, error))
                continue
            single = Call(self._desk, account, sent, time, (sent,), expires)
            answer: Answer = named[1].operation(single)
            found += [self._over_socket(row) for row in answer.data]
        return answer_of(found)

    def _over_socket(self, row: Document) -> Document:
        return row | {"sMsg": TAKEN_IN_OVER_SOCKET} if row["sMsg"] == TAKEN_IN else row

    def _with_name(self, session: Session, sent: Parameters, raw: dict[str, object]) -> Parameters:
        """The row with the instrument's name; its code wins where both are sent. Raises `VenueError`."""
        if not sent.has("instIdCode"):
            if self._desk.switches.on(NEEDS_CODE):
                raise VenueError("missing", parameter="instIdCode")
            return sent
        listing = self._listing(sent)
        if listing is None or (session.demo and self._desk.switches.on(DEMO_MISMATCH)):
            raise VenueError("instrument")
        return as_object({**raw, "instId": listing.name})

    # --- refusing -----------------------------------------------------------------------------------------------------

    def refusal(self, request: Request, error: VenueError, time: VenueTime) -> str:
        """A named error as the answer to a frame."""
        named, row = METHODS.get(request.op), self._desk.errors.row(error.key)
        if named is not None and row.status == 200 and row.reason:
            account, names = next(iter(self._desk.accounts)), NAMES.get(named[1].orders, PLACED)
            call = Call(self._desk, account, NOTHING, time)
            answer = answer_of([refusal_row(call, names, as_object(one), error) for one in request.args])
        else:
            answer = Answer([], *worded(self._desk, error))
        return _encode(self._document(request, answer, time)).decode()
