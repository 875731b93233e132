"""From rules to statements, of all rules of the documentation; and back: what is printed grants what is needed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor, flavor
from powertools_stream.checkpoints import InMemoryCheckpointStore
from powertools_stream.cli.handlers import Part, load_handlers
from powertools_stream.cli.needs.need import Needs
from powertools_stream.cli.needs.polling import POLLED, polling_needs
from powertools_stream.cli.needs.rules import needs_of
from powertools_stream.cli.policy.granted.comparison import compared
from powertools_stream.cli.policy.granted.functions import Function
from powertools_stream.cli.policy.granted.grants import grants_of
from powertools_stream.cli.policy.resources import Surroundings, resolve
from powertools_stream.cli.policy.statements import document_of, statements_of, yaml_of
from powertools_stream.cli.status import CannotRunError
from powertools_stream.flavors import cdc, collect, evaluate, job, materialize, s3, sns, sqs, task, update
from powertools_stream.requests import GetItems, Permission, Place, PutEvent, PutItem, Request
from powertools_stream.templates import Template, read_template, transformed

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "docs" / "examples").rglob("*.py"))
    if not path.stem.startswith("test_") and "RuleRegistry" in path.read_text(encoding="utf-8")
]
ARN = "arn:${AWS::Partition}:"
OWN = "${AWS::Region}:${AWS::AccountId}:"


def documents(found: Needs, around: Surroundings | None = None) -> list[dict[str, Any]]:
    resolved = [resolve(need, around or Surroundings()) for need in found.needs]
    return list(document_of(statements_of(one for one in resolved if one and one.need.role is None))["Statement"])


def granted(*rules: dict[str, Any], **options: Any) -> dict[str, set[str]]:
    """Return on what each action is granted, without what all ARNs begin with, and without fault events."""
    found = needs_of([Part(RuleRegistry(rules), StreamProcessor(rules=rules, **options).options)])
    found.needs = [need for need in found.needs if need.reason != "fault events"]
    actions: dict[str, set[str]] = {}
    for statement in documents(found):
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for action in statement["Action"]:
            actions.setdefault(action, set()).update(map(shortened, resources))
    return actions


def shortened(resource: Any) -> str:
    text = resource["Fn::Sub"] if isinstance(resource, dict) else resource
    return str(text).replace(ARN, "").replace(OWN, "")


def rule(flavor: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "r", "flavor": flavor, **fields}


def nothing(uow: Any) -> None:
    return None


TABLE, BUS = "dynamodb:table/${ENTITY_TABLE_NAME}", "events:event-bus/${BUS_NAME}"
EVENTS = "dynamodb:table/${EVENT_TABLE_NAME}"


@pytest.mark.parametrize(
    ("given", "actions"),
    [
        (rule(task, execute=nothing), {}),
        (rule(task, emit="done"), {"events:PutEvents": {BUS}}),
        (rule(task, emit="done", bus_name="orders"), {"events:PutEvents": {"events:event-bus/orders"}}),
        (rule(collect), {"dynamodb:BatchWriteItem": {EVENTS}}),
        (rule(collect, to_put_request=nothing), {"dynamodb:BatchWriteItem": {EVENTS}, "dynamodb:PutItem": {EVENTS}}),
        (rule(evaluate, emit="done"), {"events:PutEvents": {BUS}}),
        (
            rule(evaluate, emit="done", expression=nothing, correlation_key_suffix="s"),
            {"dynamodb:Query": {EVENTS}, "events:PutEvents": {BUS}},
        ),
        (
            rule(evaluate, emit="done", expression=nothing, index="ByData"),
            {"dynamodb:Query": {EVENTS, f"{EVENTS}/index/ByData"}, "events:PutEvents": {BUS}},
        ),
        (rule(materialize, to_update_request=nothing), {"dynamodb:UpdateItem": {TABLE}}),
        (rule(materialize, to_update_request=lambda uow: PutItem({"Item": {"pk": 1}}, table_name="t")), {
            "dynamodb:BatchWriteItem": {"dynamodb:table/t"}
        }),
        (rule(update, to_update_request=nothing, to_query_request=lambda uow: {"IndexName": uow.event["index"]}), {
            "dynamodb:UpdateItem": {TABLE}, "dynamodb:Query": {f"{TABLE}/index/*"}
        }),
        (rule(cdc, query_related=True, table_name="t"), {
            "dynamodb:Query": {"dynamodb:table/t"}, "events:PutEvents": {BUS}
        }),
        (rule(job, to_scan_request=nothing, to_cursor_update_request=nothing), {
            "dynamodb:Scan": {TABLE}, "dynamodb:BatchGetItem": {TABLE}, "dynamodb:UpdateItem": {TABLE}
        }),
        (rule(s3, to_delete_request=nothing), {"s3:DeleteObject": {"s3:::${BUCKET_NAME}/*"}}),
        (rule(sns, to_sns=nothing), {"sns:Publish": {"${TOPIC_ARN}"}}),
        (rule(sqs, to_sqs=nothing, queue_url="https://sqs.eu-west-1.amazonaws.com/1/mails"), {
            "sqs:SendMessage": {"sqs:mails"}
        }),
        (rule(sqs, to_sqs=nothing, queue_url=lambda uow: uow.event["queue"]), {"sqs:SendMessage": {"sqs:*"}}),
    ],
)  # fmt: skip
def test_what_a_rule_needs(given: dict[str, Any], actions: dict[str, set[str]]) -> None:
    assert granted(given) == actions


def test_the_bus_of_the_processor_is_that_of_its_rules() -> None:
    assert granted(rule(task, emit="done"), bus_name="shop") == {"events:PutEvents": {"events:event-bus/shop"}}


def test_a_request_of_ones_own_says_what_it_needs() -> None:
    class Locate(Request):
        permissions = (Permission("geo:SearchText", Place(f"{ARN}geo:{OWN}place-index/{{name}}", "index")),)

    def located(uow: Any) -> Any:
        yield Locate()

    assert granted(rule(task, execute=located)) == {"geo:SearchText": {"geo:place-index/*"}}


@flavor(asks=[GetItems, PutEvent])
def looking_up(uow: Any, rule: Any) -> Any:
    yield GetItems({"Keys": []}, table_name="customers")


def test_of_a_flavor_of_ones_own_the_source_says_more_than_the_declaration() -> None:
    assert granted(rule(looking_up)) == {
        "dynamodb:BatchGetItem": {"dynamodb:table/customers"},
        "events:PutEvents": {BUS},
    }


def test_calls_in_another_role_need_that_role_only() -> None:
    role = "arn:aws:iam::123456789012:role/writer"
    assert granted(rule(materialize, to_update_request=nothing, role_arn=role)) == {"sts:AssumeRole": {role}}


def test_a_store_that_is_not_known_is_said() -> None:
    class Store(InMemoryCheckpointStore):
        pass

    found = needs_of([Part(RuleRegistry(), StreamProcessor(checkpoint=Store()).options)])
    assert found.notes == ["What the store of checkpoints needs is not known: Store."]


@pytest.mark.parametrize("source", POLLED)
def test_what_lambda_needs_to_poll(source: str) -> None:
    actions = {need.permission.action for need in polling_needs(source)}
    page = (ROOT / "docs" / "sources" / f"{source}.md").read_text(encoding="utf-8")
    assert {action for action in actions if f"`{action}`" not in page} == set()


# -- And back ----------------------------------------------------------------------------------------------------------

RESOURCES = {
    "BUS_NAME": "AWS::Events::EventBus",
    "ENTITY_TABLE_NAME": "AWS::DynamoDB::Table",
    "EVENT_TABLE_NAME": "AWS::DynamoDB::Table",
    "BUCKET_NAME": "AWS::S3::Bucket",
    "CLAIMCHECK_BUCKET_NAME": "AWS::S3::Bucket",
    "TOPIC_ARN": "AWS::SNS::Topic",
    "QUEUE_URL": "AWS::SQS::Queue",
    "OPENSEARCH_DOMAIN_HOST": "AWS::OpenSearchService::Domain",
    "MAILS_URL": "AWS::SQS::Queue",
}
VARIABLES = {
    name: f"!GetAtt {name.replace('_', '')}.DomainEndpoint" if "HOST" in name else f"!Ref {name.replace('_', '')}"
    for name in RESOURCES
}


def template_with(directory: Path, policies: str) -> Template:
    """Write a template that has all resources, and a function with these policies."""
    lines = [
        "Transform: AWS::Serverless-2016-10-31",
        "Resources:",
        *(f"  {name.replace('_', '')}: {{Type: {kind}}}" for name, kind in RESOURCES.items()),
        "  Listener:",
        "    Type: AWS::Serverless::Function",
        "    Properties:",
        "      Handler: listener.handler",
        "      CodeUri: .",
        "      Runtime: python3.13",
        "      Environment:",
        "        Variables:",
        *(f"          {name}: {value}" for name, value in VARIABLES.items()),
        *(f"      {line}" for line in policies.splitlines()),
    ]
    path = directory / "template.yaml"
    path.write_text("\n".join(lines))
    return read_template(path)


def resolved(found: Needs, around: Surroundings) -> list[Any]:
    all_ = [resolve(need, around) for need in found.needs]
    return [one for one in all_ if one is not None and one.need.role is None]


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_printed_for_a_template_grants_all_that_is_needed_and_no_more(name: str, tmp_path: Path) -> None:
    try:
        parts: Iterable[Part] = load_handlers(name).parts
    except CannotRunError as error:
        pytest.skip(str(error))
    found = needs_of(parts)
    without = template_with(tmp_path, "Policies: []")
    needed = resolved(found, Function("Listener", without, without).as_written)

    made = transformed(template_with(tmp_path, yaml_of(statements_of(needed))))

    around = Function("Listener", made, made).as_made
    difference = compared(resolved(found, around), grants_of(made, "Listener"), made)
    assert difference.missing == ()
    assert [one for one in difference.superfluous if "*" not in one.resources] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_both_forms_say_the_same(name: str, tmp_path: Path) -> None:
    try:
        found = needs_of(load_handlers(name).parts)
    except CannotRunError as error:
        pytest.skip(str(error))
    statements = statements_of(resolved(found, Surroundings()))
    template = template_with(tmp_path, yaml_of(statements))
    (policy,) = json.loads(json.dumps(template.resources["Listener"]["Properties"]["Policies"])) or [{}]
    assert policy.get("Statement", []) == document_of(statements)["Statement"]
