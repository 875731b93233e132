"""EventBridge Scheduler: schedules are made, replaced and deleted; a call each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.classification.reasons import error_code
from powertools_stream.connectors.base import Entry, Operation, Refused
from powertools_stream.connectors.params import call, checked
from powertools_stream.connectors.proofs import proven
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.errors import InvalidRequestError, RetryableError
from powertools_stream.payloads.json_text import to_json
from powertools_stream.requests import CreateSchedule, DeleteSchedule, UpdateSchedule

__all__ = ["CONNECTOR", "SchedulerConnector"]

_METHODS = {
    "CreateSchedule": "create_schedule",
    "UpdateSchedule": "update_schedule",
    "DeleteSchedule": "delete_schedule",
}
_SCHEDULE = ("Name", "ScheduleExpression", "Target", "FlexibleTimeWindow")
# One code for two things: a schedule with this name is there already, or is just being changed.
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html#API_CreateSchedule_Errors
_CONFLICT = "ConflictException"
_GONE = "ResourceNotFoundException"
_DEFAULT_GROUP = "default"


class SchedulerConnector(ServiceConnector):
    """Makes, replaces and deletes schedules."""

    requests = (CreateSchedule, UpdateSchedule, DeleteSchedule)

    def entries(self, request: Any) -> Sequence[Entry]:
        """Return one entry, whose key is the schedule's group and name.

        Raises
        ------
        InvalidRequestError
            What Scheduler's API asks for is missing.
        """
        if isinstance(request, DeleteSchedule):
            name, params = "DeleteSchedule", dict(checked(request, "Name"))
        else:
            name = "CreateSchedule" if isinstance(request, CreateSchedule) else "UpdateSchedule"
            params = _schedule(checked(request, *_SCHEDULE))
        group = params.get("GroupName") or _DEFAULT_GROUP
        return (Entry(Operation("scheduler", name, group), params, key=(group, params["Name"])),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make the call. A schedule that is there already is `Refused`; one that is gone is deleted.

        Raises
        ------
        RetryableError
            The schedule is just being changed. Its cause is what Scheduler said.
        """
        (entry,) = entries
        name = entry.operation.name
        try:
            response = call(getattr(self.clients.client_for(entry.operation), _METHODS[name]), entry.payload)
            return [response if name == "DeleteSchedule" else proven(response, "ScheduleArn", "Scheduler")]
        except Exception as error:
            code = error_code(error)
            if name == "DeleteSchedule" and code == _GONE:
                return [{}]
            if code != _CONFLICT:
                raise
            if name == "CreateSchedule" and "already exists" in str(error):
                return [Refused(_CONFLICT)]
            raise RetryableError(f"Scheduler is busy with it: {error}") from error

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Return the response; ``{}`` of a schedule that was there already, or that was deleted."""
        (response,) = responses
        return {} if isinstance(response, Refused) or isinstance(request, DeleteSchedule) else response


def _schedule(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schedule as boto3's client takes it: with the target's input as text."""
    target = params["Target"]
    if not isinstance(target, Mapping) or not all(target.get(name) for name in ("Arn", "RoleArn")):
        raise InvalidRequestError(
            f"Expected the Target of the schedule {params['Name']!r} to be a mapping with an Arn and a RoleArn, but "
            f"found {target!r}."
        )
    content = target.get("Input")
    if content is None or isinstance(content, str):
        return dict(params)
    return {
        **params,
        "Target": {**target, "Input": content.decode() if isinstance(content, bytes) else to_json(content)},
    }


CONNECTOR = SchedulerConnector
