"""The requests for EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["CreateSchedule", "DeleteSchedule", "UpdateSchedule"]


GROUP = Place(
    "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/{name}",
    None,
    "GroupName",
    default="default",
)
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html
_PASS_ROLE = Permission(
    "iam:PassRole",
    Place("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/{name}", None, "RoleArn"),
    condition={"iam:PassedToService": "scheduler.amazonaws.com"},
)


@dataclass(frozen=True, slots=True)
class CreateSchedule(Request):
    """Make a schedule. Answers the response (``{"ScheduleArn": …}``); ``{}`` if there is one with its name already.

    A record that comes a second time asks for the same schedule again, which is no failure. The schedule stays as it
    is, whatever is asked for: `UpdateSchedule` replaces it.

    Parameters
    ----------
    params
        What Scheduler's ``CreateSchedule`` takes: ``{"Name": …, "ScheduleExpression": …, "FlexibleTimeWindow": …,
        "Target": …}``. An ``Input`` of the target that is neither text nor bytes is written as JSON.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("scheduler:CreateSchedule", GROUP, "/*"), _PASS_ROLE)

    params: Mapping[str, Any]

    def sample_answer(self, n: int) -> Any:
        """Answer that the schedule was made."""
        return {"ScheduleArn": f"schedule-{n}"}


@dataclass(frozen=True, slots=True)
class UpdateSchedule(Request):
    """Replace a schedule. Answers the response.

    Parameters
    ----------
    params
        What Scheduler's ``UpdateSchedule`` takes: all of the schedule, as for `CreateSchedule`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("scheduler:UpdateSchedule", GROUP, "/*"), _PASS_ROLE)

    params: Mapping[str, Any]

    def sample_answer(self, n: int) -> Any:
        """Answer that the schedule was replaced."""
        return {"ScheduleArn": f"schedule-{n}"}


@dataclass(frozen=True, slots=True)
class DeleteSchedule(Request):
    """Delete a schedule. Answers ``{}``, even if there is none.

    Parameters
    ----------
    params
        What Scheduler's ``DeleteSchedule`` takes: ``{"Name": …}``.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("scheduler:DeleteSchedule", GROUP, "/*"),)

    params: Mapping[str, Any]

    def sample_answer(self, n: int) -> Any:
        """Answer that it is done."""
        return {}
