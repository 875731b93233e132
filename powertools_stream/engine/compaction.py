"""Compaction: records of one group become one unit of work, that of the newest."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from powertools_stream.engine.batch import RecordState, RuleRun
from powertools_stream.payloads.conversions import is_finite
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from powertools_stream.rules.compiled import CompiledRule

__all__ = ["Compactor"]

_Place = tuple[int, Any, int]
"""Where a record stands in its group: the kind of its sort key, the sort key, the record's position in the batch."""


class _Member:
    __slots__ = ("place", "rule", "state", "uow")

    def __init__(self, place: _Place, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> None:
        self.place = place
        self.rule = rule
        self.uow = uow
        self.state = state


class Compactor:
    """Gathers what matched the compacting rules of a batch, until every record has been matched."""

    def __init__(self) -> None:
        self._groups: dict[tuple[int, str, Hashable], list[_Member]] = {}

    def add(self, rule: CompiledRule, uow: UnitOfWork, state: RecordState) -> None:
        """Put a unit of work into its group. One without a group key is a group of its own.

        Raises
        ------
        TypeError
            The rule's group key or sort key is nothing to group or to sort by; or whatever the user's functions raise.
            The unit of work is in no group then, and the others do not hear of it.
        """
        keys: Any = rule.compact  # they are functions since the rule was made
        key = keys.group_key(uow)
        place = _place(keys.sort_key(uow), rule, state)
        # True is no 1.
        kind = "alone" if key is None else "boolean" if isinstance(key, bool) else "group"
        group = kind, state.position if key is None else _hashable(key, rule)
        self._groups.setdefault((rule.position, *group), []).append(_Member(place, rule, uow, state))

    def runs(self) -> Iterator[RuleRun]:
        """Yield a run for each group, and forget the groups; in the order of their first records."""
        groups, self._groups = self._groups, {}
        for members in groups.values():
            members.sort(key=_by_place)
            newest = members[-1]
            run = RuleRun(newest.rule, newest.uow.extend(batch=[member.uow for member in members]), newest.state)
            # A record that carries several events may be in a group several times.
            others = dict.fromkeys(member.state for member in members)
            del others[newest.state]
            run.others = tuple(others)
            yield run


def _by_place(member: _Member) -> _Place:
    return member.place


def _hashable(key: Any, rule: CompiledRule) -> Hashable:
    try:
        hash(key)
    except TypeError:
        raise TypeError(
            f"Rule {rule.id!r}: expected the group key of 'compact' to be a string or a number, found a "
            f"{type(key).__name__}. Name a path to a single value."
        ) from None
    return key  # type: ignore[no-any-return]


def _place(key: Any, rule: CompiledRule, state: RecordState) -> _Place:
    """Return what sorts records without a sort key first, then text, then numbers; equal ones as they came.

    A record's place follows from the record alone. So one whose sort key is of another kind than that of the others, by
    mistake or by intent, does not change which of the others is the newest.
    """
    if key is None:
        return 0, 0, state.position
    if isinstance(key, str):
        return 1, key, state.position
    # NaN is neither before nor after anything, and would leave the others in any order.
    if (
        isinstance(key, int | float | Decimal)
        and not isinstance(key, bool)
        and (isinstance(key, int) or is_finite(key))
    ):
        return 2, key, state.position
    raise TypeError(
        f"Rule {rule.id!r}: expected the sort key of 'compact' to be a number or a string, found "
        f"{_described(key)}. Name a path to a single value."
    )


def _described(key: Any) -> str:
    return "NaN or infinity" if isinstance(key, float | Decimal) else f"a {type(key).__name__}"
