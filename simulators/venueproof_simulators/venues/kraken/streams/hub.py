"""All sessions of the venue: who proved to be whom, who listens to what."""

from __future__ import annotations

from functools import partial

from venueproof_simulators.engine.events import Event
from venueproof_simulators.host.venue import HttpRequest, VenueTime
from venueproof_simulators.host.windows import FixedWindow
from venueproof_simulators.kit import hub, sessions
from venueproof_simulators.kit.refusing import VenueError
from venueproof_simulators.kit.sessions import Listeners
from venueproof_simulators.kit.signatures import same
from venueproof_simulators.venues.kraken.operations.desk import Account, Desk, TurnedAway, shown_id
from venueproof_simulators.venues.kraken.signing import sign_challenge
from venueproof_simulators.venues.kraken.streams import control
from venueproof_simulators.venues.kraken.streams.account import ORDER_FEEDS, account_messages, log_rows, snapshot
from venueproof_simulators.venues.kraken.streams.control import Frame, FrameError, Proof
from venueproof_simulators.venues.kraken.streams.feeds import BalancesFeed, make_account_feed, make_feed
from venueproof_simulators.venues.kraken.wire.events import order_frame, order_object, removal_frame
from venueproof_simulators.venues.kraken.wire.numbers import Document, uuid

_FEEDS = frozenset({"open_positions", "balances"})
"""Feeds of an account that wait or collect; the others tell at once."""
_TOPICS = {"fills": "fill", "open_positions": "position", "balances": "balance"}
_NORMAL, _POLICY = 1000, 1008


class Session(sessions.Session, kw_only=True):
    """One connection, and the challenge that was given out on it."""

    challenge: str = ""


class Hub(hub.Hub[Desk, Session]):
    """Every session."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._listeners: Listeners[tuple[str, str]] = Listeners()
        """(account, feed) → sessions."""
        self._frames = FixedWindow(desk.limits.named("frames").interval_s)
        self._challenges = 0
        self._logged: dict[str, int] = {}
        """Account → how many rows of its log were told."""
        desk.cash_moved = self.tell_cash
        desk.held_refused = self.tell_refusal

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, number: int, handshake: HttpRequest, time: VenueTime) -> None:
        """Let a session in. Raises `VenueError` when its address has too many."""
        mine = sum(session.client == handshake.client for session in self.sessions.values())
        if mine >= self.desk.limits.named("connections").limit:
            raise VenueError("too-many-requests")
        self.sessions[number] = Session(number=number, client=handshake.client)
        self.say((number,), {"event": "info", "version": 1}, "session")
        self.heard(number, time)

    def heard(self, number: int, time: VenueTime) -> None:
        """A client pinged: it has another minute."""
        if number in self.sessions:
            span_ns = self.desk.limits.named("ping").interval_s * 10**9
            self.clocks.expect(number, span_ns, _NORMAL, "no ping for 60 seconds", time)

    def left(self, session: Session, time: VenueTime) -> None:
        """A session is gone."""
        super().left(session, time)
        self._listeners.drop_session(session.number)
        self._frames.forget(str(session.number))

    # --- frames -------------------------------------------------------------------------------------------------------

    def receive(self, number: int, raw: str | bytes, time: VenueTime) -> None:
        """Carry out one frame; more than a hundred in a second end the session."""
        session = self.sessions.get(number)
        if session is None:
            return
        if self._frames.add(str(number), 1, time.true_ns) > self.desk.limits.named("frames").limit:
            self.end(number, _POLICY, "too many requests", time)
            return
        try:
            self._carry_out(session, control.read_frame(raw), time)
        except FrameError as error:
            self.say((number,), error.document(), "session")

    def _carry_out(self, session: Session, frame: Frame, time: VenueTime) -> None:
        if frame.event == "ping":
            self.heard(session.number, time)
            self.say((session.number,), {"event": "pong"}, "session")
        elif frame.event == "challenge":
            self._challenge(session)
        elif frame.name in control.PRIVATE:
            self._private(session, frame, time)
        elif frame.event == "subscribe":
            self._subscribe(session, frame, time)
        else:
            self._unsubscribe(session, frame)

    def _challenge(self, session: Session) -> None:
        self._challenges += 1
        session.challenge = uuid(self.desk.seed, "challenge", session.number, self._challenges)
        self.say((session.number,), {"event": "challenge", "message": session.challenge}, "session")

    # --- feeds of products --------------------------------------------------------------------------------------------

    def _known(self, frame: Frame) -> list[str]:
        """The products of a frame. Raises `FrameError` when one is unknown."""
        names = [name.upper() for name in frame.products]
        if any(name not in self.desk.listings for name in names):
            raise FrameError("error", control.BAD_PRODUCT)
        return names

    def _subscribe(self, session: Session, frame: Frame, time: VenueTime) -> None:
        products = self._known(frame)
        names = [f"{frame.name}:{product}" for product in products] or [frame.name]
        if all(name in session.names for name in names):
            self.say((session.number,), {"event": "alert", "message": control.AGAIN}, "session")
        for name, product in zip(names, products or [""], strict=True):
            session.names[name] = None
            make = partial(make_feed, self.desk, frame.name, product)
            self.feeds.enter(name, session.number, make, time)
            told = {"product_ids": [product]} if product else {}
            self.say((session.number,), {"event": "subscribed", "feed": frame.feed, **told}, "session")
            self.feeds.greet(name, session.number, time)

    def _unsubscribe(self, session: Session, frame: Frame) -> None:
        products = self._known(frame)
        names = [f"{frame.name}:{product}" for product in products] or [frame.name]
        for name in names:
            session.names.pop(name, None)
            self.feeds.leave(name, session.number)
        told = {"product_ids": products} if products else {}
        self.say((session.number,), {"event": "unsubscribed", "feed": frame.feed, **told}, "session")

    # --- feeds of an account ------------------------------------------------------------------------------------------

    def _prove(self, session: Session, proof: Proof) -> Account:
        """Who sent a frame. Raises `FrameError`."""
        account = self.desk.accounts.of_key(proof.api_key)
        proven = (
            account is not None
            and session.challenge != ""
            and proof.challenge == session.challenge
            and same(proof.signature, sign_challenge(account.secret, session.challenge))
        )
        if account is None or not proven:
            raise FrameError("alert", control.NOT_PROVEN)
        return account

    def _private(self, session: Session, frame: Frame, time: VenueTime) -> None:
        account = self._prove(session, frame.proof)
        feed, number = frame.name, session.number
        echo = {
            "feed": frame.feed,
            "api_key": frame.proof.api_key,
            "original_challenge": frame.proof.challenge,
            "signed_challenge": frame.proof.signature,
        }
        if frame.event == "unsubscribe":
            session.names.pop(feed, None)
            self._listeners.drop((account.name, feed), number)
            self.feeds.leave(feed, number, account=account.name)
            self.say((number,), {"event": "unsubscribed", **echo}, "session")
            return
        if feed in session.names:
            self.say((number,), {"event": "alert", "message": control.AGAIN}, "session")
        session.names[feed], session.account = None, account.name
        self.say((number,), {"event": "subscribed", **echo}, "session")
        if feed in _FEEDS:
            make = partial(make_account_feed, self.desk, feed, account)
            self.feeds.join(feed, number, make, time, account=account.name)
            return
        self._listeners.add((account.name, feed), number)
        self.say((number,), snapshot(self.desk, feed, account, time), _TOPICS.get(feed, "order"), label=feed)
        if feed == "account_log":
            self._logged[account.name] = self.desk.books.of(account.name).logged

    def expire(self, account: str, *, silent: bool, time: VenueTime) -> None:
        """What an account subscribed ends on all its sessions, which stay open."""
        for session in [one for one in self.sessions.values() if one.account == account]:
            session.challenge = ""
            for feed in [name for name in session.names if name in control.PRIVATE]:
                del session.names[feed]
                self._listeners.drop((account, feed), session.number)
                self.feeds.leave(feed, session.number, account=account)
            if not silent:
                self.say((session.number,), {"event": "alert", "message": control.NOT_PROVEN}, "session")

    def tell_accounts(self, events: list[Event], time: VenueTime) -> None:
        """Tell the feeds of accounts what concerns them."""
        if not self._listeners:
            return
        for message in account_messages(self.desk, events, time):
            heard_by = self._listeners.of((message.account, message.feed))
            if heard_by:
                self.say(heard_by, message.document, message.topic, message.symbol, message.feed)
        for account, told in list(self._logged.items()):
            self._tell_log(account, told, time)

    def _tell_log(self, account: str, told: int, time: VenueTime) -> None:
        heard_by = self._listeners.of((account, "account_log"))
        if not heard_by:
            del self._logged[account]
            return
        rows = log_rows(self.desk, self.desk.account(account), told, time)
        self._logged[account] = told + len(rows)
        for row in rows:
            self.say(heard_by, {"feed": "account_log", "new_entry": row}, "other", label="account_log")

    def tell_refusal(self, refusal: TurnedAway, time: VenueTime) -> None:
        """An order is gone before it was anywhere."""
        order = refusal.order
        one = self.desk.listings[order.instrument]
        for feed in ORDER_FEEDS[-1:] if refusal.crossed else ORDER_FEEDS:
            heard_by = self._listeners.of((order.account, feed))
            if not heard_by:
                continue
            document = removal_frame(feed, refusal.uid, refusal.reason)
            if refusal.crossed:
                shown = order_object(one, order, refusal.uid, shown_id(order.client_id), time)
                document = order_frame(feed, shown, refusal.reason, removed=True)
            self.say(heard_by, document, "order", one.symbol, feed)

    def tell_cash(self, account: str, time: VenueTime) -> None:
        """The cash of an account changed, of which the engine knows nothing."""
        for feed in self.feeds:
            if isinstance(feed, BalancesFeed) and feed.account == account:
                document: Document = feed.frame("holding", time)
                self.say(tuple(feed.sessions), document, "balance", label="balances")
