"""The requests for EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.requests.request import Request

__all__ = ["CreateSchedule", "DeleteSchedule", "UpdateSchedule"]


@dataclass(frozen=True, slots=True)
class CreateSchedule(Request):
    """Make a schedule. Answers the response (``{"ScheduleArn": …}``); of one that is there already, an empty one.

    A record that comes a second time asks for the same schedule again, which is no failure.

    Parameters
    ----------
    params
        What Scheduler's ``CreateSchedule`` takes: ``{"Name": …, "ScheduleExpression": …, "Target": …}``. An ``Input``
        of the target that is no text is written as JSON.
    """

    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UpdateSchedule(Request):
    """Replace a schedule. Answers the response.

    Parameters
    ----------
    params
        What Scheduler's ``UpdateSchedule`` takes: all of the schedule, as for `CreateSchedule`.
    """

    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeleteSchedule(Request):
    """Delete a schedule. Answers ``{}``, also where there is none.

    Parameters
    ----------
    params
        What Scheduler's ``DeleteSchedule`` takes: ``{"Name": …}``.
    """

    params: Mapping[str, Any]
