"""What the folders of venues share: everything between the host's protocol and a venue's own words.

How a venue is written with it (what is named below without a folder is in this package):

1. `facts/` first: `errors.toml`, `instruments.toml`, `limits.toml`, `quirks.toml`. The rows of errors have the neutral
   keys of `parameters` (missing, empty, malformed, not-valid, …), one row for each refusal of the engine, and those of
   your own; a refusal that nobody can meet here has a row of `[[never]]` instead, which says why. Codes and texts are
   nowhere else.
2. `wire/numbers.py`: your `Listing` extends `listing.Listing` with what only your documents say. `numbers` and
   `host.decimals` print ticks, lots and atoms; `documents.to_json` prints a `Decimal` as a JSON number, so quote it
   yourself where the venue does. The rest of `wire/` are plain functions: engine state in, document out.
3. `operations/desk.py`: your `Account` extends `accounts.Account`, your `Desk` extends `desk.Desk[Account, Listing]`
   and says in `new_account` what an account begins with. What you keep of events beside the engine you hear with
   `self.hears[OrderChanged] = self.hear_order`; `notes.OrderNotes` keeps what came with an order, and when it ended;
   `statement.Statement` keeps the rows of a transaction log where the venue has one. `desk.command` is the only
   way to the engine, `desk.ages` is for what comes with age: `expire_at`, `count_down` and your own alarms.
4. `operations/*.py`: functions from your `Call` (desk, account, parameters, time, and what you need besides) to a
   document. They raise `refusing.VenueError(key)`, use `check_refused` for what the engine refuses, and know no
   transport: the same function is mounted by path, by method name and in a batch (`refusing.each`).
5. `signing.py` and `limits.py`: `desk.accounts.holder` knows keys, `signatures` makes and compares digests,
   `host.windows` counts, `desk.bans` turns addresses away, and `desk.throttle` everybody.
6. `routes/`: a `host.routing.RouteTable` of your operations; `routes.renamed` mounts the same ones under the names that
   a socket or a remote call has for them. The gateway is yours: its checks have your order, its envelope your shape.
   `routes.Seen` lets a request be read once though it is asked about twice.
7. `streams/`: `names.py` reads a name into your `Channel` (extends `feeds.Channel`: name, topic, interval).
   `feeds.py` gives it a feed: mostly one of `market_feeds` with your functions for shapes, and `first=` where who
   subscribes is told how things stand. Your `Hub` extends `hub.Hub[Desk, Session]`:
   - `self.sessions[number] = Session(…)` on opening, then `self.clocks.live`, `.every` (pings, beats) and `.expect`
     (close codes for silence; call it again on what counts as a sign of life);
   - `self.feeds.join(name, number, make, time)` after the acknowledgement was said, `self.feeds.leave(name, number)`;
     list what was subscribed in `session.names`, as `left` ends that;
   - where the answer is made after joining, `self.feeds.enter` first and `self.feeds.greet` behind the answer;
   - private channels are feeds with `account=` where they collect or wait for an interval, else `sessions.Listeners`
     keyed by (account, channel), where `tell_accounts` looks;
   - set `session.account` once a session carries account events;
   - `self.answer(number, document, classified)` answers a frame that asked for an operation;
   - `self.say(sessions, document, topic, …)` sends all else; `send_feed` is where what feeds say is wrapped.
8. `venue.py`: the manifest, `build`, and your class, which extends `venue.Venue[Account, Desk, Hub]` and opens with
   `Desk(basis(package, listings, …))`. It sets `gateway`, and adds `let_in`, `refuse_frame`, `classify_frame`,
   `receive`, `credentials_of`, `expire_credential`. What refuses, `gateway.refuse`, levers and rules use too.
   Its `account_sessions` counts sessions with an `account`.
9. `provocations/` and the wire tests, row by row of the register. `provocations` has the kinds that venues show alike,
   to be registered as they are; `troubles` has amounts and prices for those of your own. The tests' client, levers
   and sockets extend those of `tests/simulators/venues/support`.

Nothing here names a venue, and nothing is here that one venue alone needs. Nothing that lives in a desk, hub or feed
may be a lambda or a closure: the host copies a venue whole to let replies lag.
"""
