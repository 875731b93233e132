from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data

from powertools_stream import requests
from powertools_stream.flavors import task
from powertools_stream.requests import Permission, Request
from powertools_stream.testing import run, to_sqs_records

DOCS = Path(__file__).resolve().parents[2] / "docs"


def request_types() -> Iterator[type[Request]]:
    for module in pkgutil.iter_modules(requests.__path__, f"{requests.__name__}."):
        for value in vars(import_module(module.name)).values():
            if inspect.isclass(value) and issubclass(value, Request) and value.__module__ == module.name:
                yield value


TYPES = [kind for kind in request_types() if kind is not Request]
PERMISSIONS = {f"{kind.__name__}, {permission.action}": permission for kind in TYPES for permission in kind.permissions}


@cache
def in_iam(action: str) -> list[dict[str, Any]]:
    """Return what IAM has of an action: a dict for each type of resource."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    return list(found[service]) if found else []


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_every_request_says_what_it_needs(kind: type[Request]) -> None:
    """A new one has to: what a base class says is not enough, and ``()`` is to be meant."""
    assert "permissions" in vars(kind), f"{kind.__name__} declares no permissions."
    goes_to_aws = kind.__module__.rpartition(".")[2] not in ("call", "http")
    assert bool(kind.permissions) is goes_to_aws


@pytest.mark.parametrize("permission", PERMISSIONS.values(), ids=PERMISSIONS)
def test_every_action_is_one_of_iam(permission: Permission) -> None:
    assert in_iam(permission.action), f"IAM has no action {permission.action}."


@pytest.mark.parametrize("action", ["sqs:SendMessageBatch", "sns:PublishBatch", "s3:DeleteObjects"])
def test_what_is_no_action_would_be_noticed(action: str) -> None:
    assert not in_iam(action)


@pytest.mark.parametrize("permission", PERMISSIONS.values(), ids=PERMISSIONS)
def test_every_resource_is_one_that_the_action_takes(permission: Permission) -> None:
    formats = {one["resource_arn_format"] for one in in_iam(permission.action)} - {"*"}
    if permission.place is None or permission.place.arn == "*":
        assert not formats, f"{permission.action} takes {formats}."
    else:
        ours = shape(permission.place.arn + permission.part)
        assert any(ours == shape(one) for one in formats), f"{permission.action} takes {formats}, found {ours}."


def shape(arn: str) -> str:
    """Return an ARN without what differs: what stands in ``${…}``, and what follows the kind of resource."""
    _, _, service, *_, resource = arn.replace("${AWS::Partition}", "aws").replace("AWS::", "AWS").split(":", 5)
    kind = "" if service in ("s3", "sns", "sqs") else resource.replace(":", "/").partition("/")[0]
    objects = "/object" if service == "s3" and "/" in resource else ""
    return f"{service}:{kind}{objects}"


UNPLACED: list[Any] = [
    requests.PutEvent({"type": "t"}),
    requests.PutItem({"Item": {"pk": "1"}}),
    requests.PutObject({"Key": "k", "Body": ""}),
    requests.PublishMessage({"Message": "m"}),
    requests.SendMessage({"MessageBody": "m"}),
    requests.PutRecord({"Data": "d", "PartitionKey": "p"}),
    requests.PutDeliveryRecord({"Data": "d"}),
    requests.PutMetricData({"MetricName": "m", "Value": 1}),
    requests.DeleteDocument({"index": "i", "id": "1"}),
]
"""A request of each service that has a default from the environment, which says nothing of where it goes."""


@pytest.mark.parametrize("request_", UNPLACED, ids=lambda request: type(request).__name__)
def test_the_variables_are_those_that_the_connector_reads(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    place = type(request_).permissions[0].place
    assert place is not None
    for variable in place.variables:
        monkeypatch.delenv(variable, raising=False)

    outcome = run(
        [{"id": "r", "flavor": task, "execute": lambda uow: request_}],
        to_sqs_records([{"type": "t"}]),
        bus_name=None,
    )

    (fault,) = outcome.faults
    assert f"no {place.field} was given and {' or '.join(place.variables)} is not set" in str(fault.error)


def test_the_pages_of_the_sinks_name_every_action() -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in [*DOCS.glob("sinks/*.md"), DOCS / "secrets.md"])
    actions = {permission.action for permission in PERMISSIONS.values()}
    assert {action for action in actions if f"`{action}`" not in pages} == set()
