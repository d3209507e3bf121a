"""The message rules of a running venue: which of them acts on a message, counted."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from venueproof_simulators.host.rules import Direction, Match, Rule


class Installed:
    """A rule in force, and how many messages it has matched."""

    __slots__ = ("matched", "rule", "rule_id")

    def __init__(self, rule_id: int, rule: Rule) -> None:
        """`rule_id` is how it is taken away again."""
        self.rule_id = rule_id
        self.rule = rule
        self.matched = 0

    @property
    def acted(self) -> int:
        """On how many messages it has acted."""
        match = self.rule.match
        beyond = max(self.matched - match.skip, 0)
        return min(beyond, match.first) if match.first else beyond

    @property
    def spent(self) -> bool:
        """Will it never act again?"""
        match = self.rule.match
        return bool(match.first) and self.matched >= match.skip + match.first

    def counts(self) -> bool:
        """Count one more match; does the rule act on it?"""
        self.matched += 1
        match = self.rule.match
        return self.matched > match.skip and (not match.first or self.matched <= match.skip + match.first)


class Rulebook:
    """Rules in order of installation; the first that acts on a message wins, and those behind it do not see it."""

    def __init__(self) -> None:
        """No rules."""
        self._installed: dict[int, Installed] = {}
        self._ids = itertools.count(1)
        self._lists: dict[Direction, list[Installed]] = {direction: [] for direction in Direction}

    def add(self, rule: Rule) -> int:
        """Install a rule behind the ones there are; returns its id."""
        rule_id = next(self._ids)
        self._installed[rule_id] = Installed(rule_id, rule)
        self._sort()
        return rule_id

    def remove(self, rule_id: int) -> None:
        """Take a rule away. Raises `LookupError` when there is none of that id."""
        if self._installed.pop(rule_id, None) is None:
            raise LookupError(f"there is no rule {rule_id}; the rules are {sorted(self._installed) or 'none'}")
        self._sort()

    def watches(self, direction: Direction) -> bool:
        """Is there any rule that may still act on messages of this direction? Cheap."""
        return bool(self._lists[direction])

    def judge(
        self, direction: Direction, operation: str, topic: str, instrument: str, text: Callable[[], str]
    ) -> Installed | None:
        """The rule that acts on a message, counted. `text` is only asked when a rule looks into the message."""
        for installed in self._lists[direction]:
            if _matches(installed.rule.match, operation, topic, instrument, text) and installed.counts():
                self._sort()
                return installed
        return None

    def installed(self) -> list[Installed]:
        """All rules, in order."""
        return list(self._installed.values())

    def never_matched(self) -> list[Rule]:
        """Rules that no message has matched so far."""
        return [installed.rule for installed in self._installed.values() if not installed.matched]

    def open_rules(self) -> list[Rule]:
        """Rules with a count that have not acted on so many messages yet."""
        return [
            installed.rule
            for installed in self._installed.values()
            if installed.rule.match.first and not installed.spent
        ]

    def _sort(self) -> None:
        for direction, rules in self._lists.items():
            rules[:] = [
                one for one in self._installed.values() if one.rule.match.direction is direction and not one.spent
            ]


def _matches(match: Match, operation: str, topic: str, instrument: str, text: Callable[[], str]) -> bool:
    return (
        match.operation in ("", operation)
        and match.topic in ("", topic)
        and match.instrument in ("", instrument)
        and (not match.contains or match.contains in text())
    )
