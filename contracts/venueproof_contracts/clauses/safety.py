"""Safety: an adapter talks to its venue only, and keeps secrets to itself."""

from __future__ import annotations

import traceback
from base64 import b64encode
from collections.abc import Awaitable
from urllib.parse import quote

from venueproof_contracts.actions import AnswerGarbage, Drop, DropManner, Garbage, Matcher, Operation
from venueproof_contracts.adapter import Adapter
from venueproof_contracts.capabilities import Capability
from venueproof_contracts.case import Case
from venueproof_contracts.clause import clause
from venueproof_contracts.clauses.authentication import spoilt
from venueproof_contracts.errors import AdapterError

CARRIED = (0, 2, 3)
"""Letters of base 64 that hold something of none, one or two bytes in front."""
SECRET_LENGTH_MIN = 8
"""A shorter value (a user number, a sub-account's name) is no secret and may stand anywhere by chance."""


@clause(
    "SAF-010",
    "nothing is sent elsewhere",
    why="An adapter that reports home knows the positions of everybody who uses it.",
    capabilities={Capability.PLACE, Capability.STREAM_ORDERS},
)
async def no_egress(case: Case) -> None:
    """Starting, trading, listening and closing reach for no address but the venue's, and start no other program. What
    C code does past Python's own modules is not seen."""
    await case.listen()
    await case.trade()
    await case.rest()
    await case.adapter.close()
    await case.bench.sleep(1)
    reached = case.surroundings.egress()
    case.check(not reached, f"reached for {', '.join(reached)}")


@clause(
    "SAF-020",
    "no secret is told",
    why="Keys in a log file are keys in every system that collects logs.",
    capabilities={Capability.PLACE, Capability.BALANCES, Capability.OPEN_ORDERS, Capability.STREAM_ORDERS},
    powers=(AnswerGarbage, Drop),
)
async def no_secret_told(case: Case) -> None:
    """No value of the credentials stands in what the adapter logs, prints, raises, answers or shows of itself, neither
    plainly nor encoded, also when requests fail."""
    talk = _Talk(case)
    try:
        await _made_to_talk(case, talk)
    except Exception as error:  # whatever happened, what was told until then is judged first
        talk.hear_crash("what it broke down with", error)
    talk.told += [("events", repr(case.fold.events)), ("the log", case.surroundings.log_text())]
    for name, value in talk.secrets.items():
        forms = _forms(value) if len(value) >= SECRET_LENGTH_MIN else ()
        shown = [where for where, text in talk.told if any(form in text for form in forms)]
        case.check(not shown, f"{name} stands in {', '.join(shown)}")
    if talk.crash is not None:
        raise talk.crash


class _Talk:
    """What an adapter told, where; the secrets that must not stand there; and what it broke down with first."""

    def __init__(self, case: Case) -> None:
        self.secrets = dict(case.credentials)
        self.told: list[tuple[str, str]] = []
        self.crash: Exception | None = None

    async def hear(self, where: str, call: Awaitable[object]) -> None:
        """All that a call shows: its answer, or its error with everything that hangs on it."""
        try:
            self.told.append((where, repr(await call)))
        except AdapterError as error:
            self._hear_error(where, error)
        except Exception as error:
            self.hear_crash(where, error)

    def hear_crash(self, where: str, error: Exception) -> None:
        """An error that no adapter may raise, or one where none is due."""
        self._hear_error(where, error)
        self.crash = self.crash or error

    def _hear_error(self, where: str, error: Exception) -> None:
        shown = "".join(traceback.format_exception(error)) + repr((error, error.args, vars(error)))
        self.told.append((where, shown))


async def _made_to_talk(case: Case, talk: _Talk) -> None:
    talk.told.append(("what it shows of itself", repr(case.adapter) + repr(await case.adapter.declare())))
    await case.listen()
    talk.told.append(("the answer to an order", repr(await case.adapter.place(case.resting()))))
    for garbage in Garbage:
        for operation in (Operation.BALANCES, Operation.PLACE):
            await case.bench.do(AnswerGarbage(Matcher(operation=operation), garbage, 500))
        await talk.hear(f"an answer that was {garbage}", case.adapter.balances())
        await talk.hear(f"the {garbage} answer to an order", case.adapter.place(case.resting()))
    await case.bench.do(Drop(DropManner.RESET))
    await case.bench.sleep(10)
    for name in case.credentials:
        wrong = spoilt(case.credentials, name)
        talk.secrets[f"wrong {name}"] = wrong[name]
        await talk.hear(f"what came of a wrong {name}", _start(case.surroundings.make_adapter(wrong)))


def _forms(secret: str) -> list[str]:
    """The secret as it is, in a URL, in hexadecimal, and in the middle of a text in base 64."""
    raw = secret.encode()
    in_base_64 = [b64encode(bytes(shift) + raw).decode()[CARRIED[shift] : -4] for shift in range(3)]
    in_url_base_64 = [form.replace("+", "-").replace("/", "_") for form in in_base_64]
    return [secret, quote(secret, safe=""), raw.hex(), *in_base_64, *in_url_base_64]


async def _start(adapter: Adapter) -> object:
    try:
        await adapter.start()
        return await adapter.balances()
    finally:
        await adapter.close()
