"""Rules and their flavors, the registry that holds them, and the checks that run when they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.rules.compact import Compact as Compact
    from powertools_stream.rules.registry import RuleRegistry as RuleRegistry, Rules as Rules
    from powertools_stream.rules.rule import Flavor as Flavor, Prepare as Prepare, Rule as Rule, flavor as flavor

__all__ = export(
    __name__,
    {
        "rule": ("Flavor", "Prepare", "Rule", "flavor"),
        "compact": ("Compact",),
        "registry": ("RuleRegistry", "Rules"),
    },
)
