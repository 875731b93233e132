"""Counts fault events, and tells people of them: those of a batch that are of one kind in one message."""

from collections import Counter
from typing import Any

from aws_lambda_powertools import Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import sns, task

# SNS takes no longer subject: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatchRequestEntry.html
MAX_SUBJECT = 99
MAX_ERROR = 1_000

Event = dict[str, Any]

metrics = Metrics()
rules = RuleRegistry()


@rules.register(task, event_type="fault")
def count_fault(uow: UnitOfWork) -> None:
    """Count the fault event twice: for the alarm, among all of them; for the dashboard, by function and rule."""
    tags = uow.event["tags"]
    metrics.add_metric(name="FaultEvents", unit=MetricUnit.Count, value=1)
    with single_metric(name="FaultEvents", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="function", value=tags["functionname"])
        metric.add_dimension(name="rule", value=tags["pipeline"])


def kind(uow: UnitOfWork) -> str:
    """Return what the faults of one message have in common."""
    fault = uow.event
    return "/".join([fault["tags"]["functionname"], fault["tags"]["pipeline"], fault["err"]["name"]])


@rules.register(sns, event_type="fault", compact={"group_key": kind})
def notify(uow: UnitOfWork) -> Event:
    """Tell of the newest fault, and how many there are. Nothing of the record itself is told: it may hold secrets."""
    fault, faults = uow.event, [each.event for each in uow.batch or [uow]]
    tags, error = fault["tags"], fault["err"]
    return {
        "Subject": subject(f"{len(faults)} x {error['name']} in {tags['functionname']}, {tags['pipeline']}"),
        "Message": "\n".join(
            [
                f"{error['name']}: {error['message'][:MAX_ERROR]}",
                "",
                f"function  {tags['functionname']}",
                f"rule      {tags['pipeline']}",
                f"records   {dispositions(faults)}",
                f"newest    {fault['id']}",
            ]
        ),
        "MessageAttributes": {"function": tags["functionname"], "rule": tags["pipeline"], "error": error["name"]},
    }


def dispositions(faults: list[Event]) -> str:
    """Return what became of the records: those that were reported come again, those that were set aside do not."""
    counts = Counter(fault["disposition"] for fault in faults)
    return ", ".join(f"{count} {disposition}" for disposition, count in counts.items())


def subject(text: str) -> str:
    """Return a subject as SNS accepts it: in ASCII, in one line, and not too long."""
    return " ".join(text.encode("ascii", "replace").decode().split())[:MAX_SUBJECT]
