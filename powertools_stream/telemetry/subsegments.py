"""X-Ray's subsegments of rules, and of the calls in them: a condition that does not hold is no error of a call."""

from __future__ import annotations

from typing import Any

from aws_xray_sdk.core.models.subsegment import Subsegment

__all__ = ["RuleSubsegment"]

_REFUSED = ("ConditionalCheckFailedException", "ConflictException", "PreconditionFailed")
"""DynamoDB, Scheduler (the schedule is there already), S3."""


class RuleSubsegment(Subsegment):  # type: ignore[misc]  # the SDK has no types
    """The subsegment of a rule."""

    def add_subsegment(self, subsegment: Any) -> None:
        """Take a subsegment in; that of a call to AWS is told which errors are none."""
        if type(subsegment) is Subsegment and subsegment.namespace == "aws":
            subsegment.__class__ = _CallSubsegment
        super().add_subsegment(subsegment)


class _CallSubsegment(Subsegment):  # type: ignore[misc]
    """The subsegment that the SDK makes of a call. A rule whose fault such an error is has it in its own."""

    def add_exception(self, exception: Any, stack: Any, remote: bool = False) -> None:
        """Take an exception, unless it says that a condition does not hold."""
        code = getattr(exception, "response", {}).get("Error", {}).get("Code")
        if code in _REFUSED:
            self.__dict__.pop("error", None)  # set for the status, 400
        else:
            super().add_exception(exception, stack, remote)
