"""Patterns with ``*``, as of IAM."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["may_be_equal"]


@lru_cache(maxsize=1024)
def may_be_equal(left: str, right: str) -> bool:
    """Return whether there is a text that both patterns match. ``*`` stands for any text, also an empty one.

    Examples
    --------
    >>> may_be_equal("arn:aws:sqs:*:orders-*", "arn:*:sqs:eu-west-1:123:orders-dev")
    True
    >>> may_be_equal("orders", "orders-dev")
    False
    """
    states = _closed([0], right)
    for character in left:
        states = _after(states, character, right)
    return len(right) in states


def _after(states: set[int], character: str, right: str) -> set[int]:
    """Return how much of the right pattern may be matched after one more character of the left one."""
    if character == "*":
        return set(range(min(states), len(right) + 1)) if states else set()
    moved = [
        state if right[state] == "*" else state + 1
        for state in states
        if state < len(right) and right[state] in ("*", character)
    ]
    return _closed(moved, right)


def _closed(states: list[int], right: str) -> set[int]:
    """Add the states that are reached because a ``*`` of the right pattern may be empty."""
    closed: set[int] = set()
    for state in states:
        closed.add(state)
        while state < len(right) and right[state] == "*":
            state += 1
            closed.add(state)
    return closed
