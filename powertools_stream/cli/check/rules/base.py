"""What our rules for cfn-lint have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from powertools_stream.cli.stack import Stack, stacks_of

__all__ = ["Finding", "StackRule"]


class Finding(RuleMatch):  # type: ignore[misc]
    """What a rule found. cfn-lint's formatters show all of it as one message.

    Parameters
    ----------
    path
        Where it is in the template.
    found
        What is there, as a sentence.
    why
        Why that loses events.
    advice
        What to do.
    """

    def __init__(self, path: list[str | int], found: str, why: str, advice: str) -> None:
        super().__init__(path, f"{found} {why} {advice}", found=found, why=why, advice=advice)


class StackRule(CloudFormationLintRule):  # type: ignore[misc]
    """A rule that looks at a template as it would be deployed, for each set of conditions.

    A rule defines ``found_in``, and these:
    """

    id = ""
    shortdesc = ""
    """What is looked for."""
    why: ClassVar[str]
    """Why it loses events."""
    advice: ClassVar[str]
    """What to do."""
    source_url = ""
    """AWS's page."""
    tags = ["powertools-stream"]  # noqa: RUF012

    @property
    def description(self) -> str:
        """What cfn-lint shows of the rule."""
        return f"{self.why} {self.advice}"

    def found_in(self, stack: Stack) -> Iterable[Finding]:
        """Yield what the rule finds in a stack."""
        raise NotImplementedError

    def match(self, cfn: Any) -> list[Finding]:
        """Return what the rule finds under any conditions, each thing once."""
        found = (finding for stack in stacks_of(cfn) for finding in self.found_in(stack))
        return list({(finding.path_string, finding.message): finding for finding in found}.values())

    def finding(self, path: list[str | int], found: str, advice: str = "") -> Finding:
        """Make a finding."""
        return Finding(path, found, self.why, advice or self.advice)
