"""What several native adapters share, and how to write one with it.

An adapter is a folder `native/<venue>/`. The kit keeps the rhythm (when something is asked, sent, waited for, looked
up again), the venue's modules know the words:

| module | holds | handed to |
|---|---|---|
| `adapter.py` | `build`, and on top of `managed.VenueBase`: declaration, list, account check | `assembly` |
| `products.py` | what differs between products, as data; `origins.located` | all others |
| `calls.toml`, `rest.py` | every request (`callfile`); `requests.Requests` | `calls`, `questions` |
| `errors.toml`, `errors.py` | codes and what they mean; the `requests.Judge` | `rest` |
| `wire.py`, `parse.py` | documents as they are sent; as values of the contracts | all others |
| `calls.py` | `ordercalls.OrderCalls`, `own.AccountCalls`, `managed.Settings` | `assembly` |
| `questions.py` | the questions of `managed.MarketQuestions`, on top of `questions.Market` | `assembly` |
| `stream.py` | `account_stream.AccountSource`, `line.MarketSource` | `assembly` |

`build` lays the `ground.Ground`, on which requests, questions and all else stand.

**Requests.** `written` gives address, headers and body as they leave; the signature covers those bytes. `content`
takes a reply out of its envelope, the judge finds the error inside one of any status, `refusal` the one of a row.
Numbers that must rise: `rising.Rising` with `one_by_one`. Over a socket: `rpc.RpcSocket` called from `exchange`. What
is asked may be repeated, what is done never is: without an answer it ends as `OutcomeUnknown`, and the desk looks it
up by client id.

**Budgets.** A `windows.Window` is fixed, sliding or refilling, and may be told by a header (spent or left). A call
names what it costs of each, so that endpoints, accounts and addresses count apart; with `limits_apart` a refusal for
haste holds back only the windows of its call. A window named `connections` counts new sockets.

**Orders.** Tell what the venue says, in whatever order it comes: views never go back, fills are booked once, an
execution without a client id waits for its order (`hear_fill`). An answer that only acknowledges is an `OrderName`,
and `refusal` names what was turned away after that. A conditional order that keeps its id when it fires is told as
`orders.fired`; one with a new id as TRIGGERED with `replaced_by`. Amounts are contracts of `contract_size`.

**Streams.** `greet` logs in and subscribes; each `Dialogue.demand` waits for its answers, by number, by channel or by
whatever else `handle` and `read` find in the frame. A `Heartbeat` beats before anything else, and one without an
answer ends the connection. The market's streams are asked for at a `Pace`. Books: `snapshot` answers None where the
venue streams one (`feeds.Snapshot`, then `BookChange`, each naming the one before it); a gap begins the stream anew.
Tickers: tell what a message holds, `Prices` are merged. No stream of candles: no names in `streams`, and they are
polled.

What is missed is asked for: after each connect, every `reconcile_every_s`, and when the stream did not tell what it
must. Nothing of a venue is in the kit, and nothing that one venue alone uses. Every part is in `parts.Parts`, so that
a mutant is the adapter with one of them exchanged.
"""
