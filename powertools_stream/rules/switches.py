"""Switches: environment variables switch rules on and off, without a deployment of code."""

from __future__ import annotations

import os
from collections.abc import Iterable

__all__ = ["Switches"]

_ENABLED = "ENABLED_PIPELINES"
_DISABLED = "DISABLED_PIPELINES"


class Switches:
    """Which rules are on.

    Parameters
    ----------
    enabled
        The ids of the rules that are on; None: all rules.
    disabled
        The ids of rules that are off, even if `enabled` names them.
    """

    def __init__(self, enabled: frozenset[str] | None = None, disabled: frozenset[str] = frozenset()) -> None:
        self.enabled = enabled
        self.disabled = disabled

    @classmethod
    def from_environment(cls) -> Switches:
        """Read ``ENABLED_PIPELINES`` and ``DISABLED_PIPELINES``: ids of rules, separated by commas.

        An empty variable is ignored.
        """
        return cls(enabled=_ids(_ENABLED) or None, disabled=_ids(_DISABLED))

    def is_on(self, rule_id: str) -> bool:
        """Return whether a rule is on."""
        return (self.enabled is None or rule_id in self.enabled) and rule_id not in self.disabled

    def unknown(self, rule_ids: Iterable[str]) -> list[str]:
        """Return the ids in the switches that no rule has, sorted."""
        return sorted(((self.enabled or frozenset()) | self.disabled).difference(rule_ids))


def _ids(variable: str) -> frozenset[str]:
    names = (name.strip() for name in os.environ.get(variable, "").split(","))
    return frozenset(name for name in names if name)
