from __future__ import annotations

from pathlib import Path

import pytest

from powertools_stream.cli.check.migration.changes import changes_in
from powertools_stream.cli.status import CannotRunError
from powertools_stream.flavors import materialize
from powertools_stream.rules.rule import make_rule

HEAD = """\
from aws_lambda_stream.flavors.{flavor} import {flavor}

rule = """


def changes(tmp_path: Path, text: str, name: str = "module.py") -> dict[str, str]:
    """Return what to change in a module: the advice by subject and field."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return {f"{change.subject}.{change.field}".rstrip("."): change.advice for change in changes_in(path)}


def of_rule(tmp_path: Path, flavor: str, fields: str, before: str = "") -> dict[str, str]:
    """Return what to change in a rule of aws-lambda-stream, by field."""
    rule = f'{{"id": "r", "flavor": {flavor}, {fields}}}'
    found = changes(tmp_path, before + HEAD.format(flavor=flavor) + rule)
    return {name.removeprefix("r."): advice for name, advice in found.items() if name != flavor}


@pytest.mark.parametrize(
    ("flavor", "fields", "field", "advice"),
    [
        ("collect", '"event_type": "a", "default_ttl": 3', "default_ttl", "It is called 'ttl' here."),
        ("task", '"event_type": "a", "execute_operators": f', "execute_operators", "may be a generator"),
        ("task", '"event_type": "a", "publish": f', "publish", "Leave it out"),
        ("task", '"event_type": "a", "emt": "b"', "emt", "Did you mean `emit`?"),
        ("task", '"event_type": "a", "region": "b"', "region", "`params`"),
        ("task", '"event_type": "a", "result_key": "a.b"', "result_key", "no path"),
        ("task", '"execute": f', "event_type", "every type but `fault`"),
        ("materialize", '"event_type": "a"', "to_update_request", "error at import"),
        ("collect", '"event_type": "a", "ttl": lambda r, u: 1', "ttl", "`uow` and `rule`"),
        ("collect", '"event_type": "a", "correlation_key": "a.b-c.0"', "correlation_key", '`a."b-c"[0]`'),
        ("update", '"event_type": "a", "to_update_request": f', "latched", '`latched="process"`'),
        ("collect", '"event_type": "a", "put_request_field": "q"', "put_request_field", "always"),
    ],
)
def test_a_field_that_has_to_change(tmp_path: Path, flavor: str, fields: str, field: str, advice: str) -> None:
    found = of_rule(tmp_path, flavor, fields)

    assert list(found) == [field]
    assert advice in found[field]


@pytest.mark.parametrize(
    ("flavor", "fields"),
    [
        ("collect", '"event_type": "a", "ttl": lambda rule, uow: 1, "correlation_key": "order.id"'),
        ("expired", ""),
        ("materialize", "**elsewhere"),
        ("materialize", '"event_type": "a", "split_on": lambda uow, rule: [], "to_update_request": f'),
        ("update", '"event_type": "a", "latched": "process", "to_update_request": f'),
    ],
)
def test_a_rule_that_may_stay_as_it_is(tmp_path: Path, flavor: str, fields: str) -> None:
    assert of_rule(tmp_path, flavor, fields) == {}


def test_a_path_that_is_told_is_one(tmp_path: Path) -> None:
    advice = of_rule(tmp_path, "materialize", '"event_type": "a", "split_on": "event.order-lines.0.x"')["split_on"]

    path = advice.split("`")[3]
    assert make_rule({"id": "r", "flavor": materialize, "split_on": path, "to_update_request": len})["split_on"] == path


def test_rules_are_found_however_they_are_written(tmp_path: Path) -> None:
    text = """
from aws_lambda_stream.flavors import collect as stores
base = {"flavor": stores.collect, "default_ttl": 3}
def ttl(r, u): ...
def make():
    return [{**base, "id": "spread", "event_type": "a"}, dict(id=NAME + "1", flavor=stores.collect, ttl=ttl)]
"""
    found = changes(tmp_path, text)

    assert {"spread.default_ttl", "NAME + '1'.ttl", "NAME + '1'.event_type"} <= found.keys()


def test_names_are_told_where_they_are_used_if_modules_are_imported(tmp_path: Path) -> None:
    text = """
import aws_lambda_stream.utils.dynamodb
import aws_lambda_stream.utils.time as times
from aws_lambda_stream.utils import faults
from aws_lambda_stream.utils.s3 import *
from aws_lambda_stream.utils.split import split_objects
times.now()
aws_lambda_stream.utils.dynamodb.update_expression({})
"""
    found = changes(tmp_path, text)

    assert found["faults"].startswith("import the names themselves")
    assert found["*"].startswith("name what is imported")
    assert found["split_objects"].startswith("none of the names")
    assert "uow.event['timestamp']" in found["now"]
    assert "update_expression" in found


def test_flavors_of_operators_are_told_and_options_of_sources(tmp_path: Path) -> None:
    text = """
from aws_lambda_stream.events.dynamodb import from_dynamodb
def notify(rule):
    def wrapper(source):
        return source.pipe(x)
    return wrapper
def shorter(rule):
    return lambda source: source.pipe(x)
def ours(uow, rule): ...
def pipes(source):
    return source.pipe(x)
from_dynamodb(event, pk_fn="id", other=1)
"""
    found = changes(tmp_path, text)

    assert {name for name in found if name.endswith(".flavor")} == {"notify.flavor", "shorter.flavor"}
    assert "DynamoDBSource(pk=…)" in found["from_dynamodb.pk_fn"]
    assert found["from_dynamodb.other"] == "There is no such option."


def test_a_module_that_has_been_moved_has_nothing_to_change(tmp_path: Path) -> None:
    text = """
from powertools_stream import stream_processor
from powertools_stream.flavors import task, update
def notify(uow, rule): ...
rules = [
    {"id": "t", "flavor": task, "execute": f},
    {"id": "u", "flavor": update, "event_type": "a", "to_update_request": f},
    {"id": "n", "flavor": notify, "of_its_own": 3},
]
"""
    assert changes(tmp_path, text) == {}


def test_what_is_left_of_a_module_that_has_been_moved_is_told(tmp_path: Path) -> None:
    text = 'from powertools_stream.flavors import task\nrule = {"id": "t", "flavor": task, "default_ttl": 3}\n'

    assert list(changes(tmp_path, text)) == ["t.default_ttl"]


def test_a_handler_of_powertools(tmp_path: Path) -> None:
    text = """
import aws_lambda_powertools.utilities.batch as batch
from aws_lambda_powertools.utilities.batch import BatchProcessor as Processor, SqsFifoPartialProcessor, EventType
processor = Processor(EventType.SQS, model=Order, raise_on_entire_batch_failure=False)
fifo, groups = SqsFifoPartialProcessor(Order), SqsFifoPartialProcessor(skip_group_on_error=True)
class Mine(Processor):
    def success_handler(self, record, result): ...
    def _process_record(self, record): ...
def other(record):
    if record["type"] == "not-a-record-handler": ...
def record_handler(record):
    payload = record.json_body
    if payload["detail-type"] == "order-created": ...
    elif payload.get("eventType") in ("a", "b"): ...
    elif payload["status"] == "PAID": ...
    try:
        match payload["type"]:
            case "c" | "d": ...
            case _: ...
    except KeyError: ...
def handler(event, context):
    return batch.process_partial_response(event, record_handler, processor, context)
"""
    path = tmp_path / "module.py"
    path.write_text(text)
    advice = [change.advice for change in changes_in(path)]

    assert advice == [
        "Import `StreamProcessor` from `powertools_stream`.",
        "Import `StreamProcessor` from `powertools_stream`.",
        "Write `StreamProcessor(EventType.SQS, model=Order, raise_on_entire_batch_failure=False)`.",
        "Write `StreamProcessor(EventType.SQS, model=Order, skip_group_on_error=False)`.",
        "Write `StreamProcessor(EventType.SQS)`.",
        "Derive it from `StreamProcessor`.",
        "It is not called: move it into the record handler.",
        "This branch may be a rule: `@rules.register(task, event_type='order-created')`.",
        "This branch may be a rule: `@rules.register(task, event_pattern={'eventType': ['a']})`.",
        "This branch may be a rule: `@rules.register(task, event_pattern={'eventType': ['b']})`.",
        "This branch may be a rule: `@rules.register(task, event_type='c')`.",
        "This branch may be a rule: `@rules.register(task, event_type='d')`.",
    ]


def test_a_module_in_javascript(tmp_path: Path) -> None:
    pytest.importorskip("tree_sitter_javascript", reason="it is in the extra `migrate`")
    text = """
import { collect as store, update, sendMessages, now, nothing } from 'aws-lambda-stream';
import Connector from 'aws-lambda-stream/connectors/dynamodb';
const { circuitBreaker, fromKinesis: from } = require('aws-lambda-stream/flavors/circuitbreaker');
import other from 'elsewhere';
const base = { flavor: store };
const toMessage = (uow) => 1;
export const rules = [
  { ...base, id: 'a', eventType: (type) => true, defaultTtl: 3, ttl(r, u) { return 1; }, compact: { sort: 1 } },
  { id: 'b', flavor: update, eventType: 'x', skipLatched: true, rate: { num: 1, ms: 1000 } },
  { id: 'c', flavor: sendMessages, eventType: /x/, toMessage, topicArn: 'arn' },
  { id: `d`, pattern: circuitBreaker },
];
export const notify = (rule) => (s) => s.filter(f);
export const other2 = (rule) => (list) => list.map(f);
"""
    found = changes(tmp_path, text, "index.js")

    assert "from powertools_stream.flavors import collect" in found["collect"]
    assert found["nothing"].startswith("none of the names")
    assert "`Query`" in found["DynamoDBConnector"]
    assert "told from the event" in found["fromKinesis"]
    assert "`collect`" in found["a.flavor"]
    assert "`lambda uow: …`" in found["a.event_type"]
    assert found["a.default_ttl"] == "It is called 'ttl' here."
    assert {"a.ttl", "a.compact", "b.rate", "d.pattern", "notify.flavor"} <= found.keys()
    assert "latched='process'" in found["b.skip_latched"]
    assert "`sns`" in found["c.flavor"]
    assert found["c.to_message"] == "It is called 'to_sns' here."
    assert "other2.flavor" not in found
    assert "b.latched" not in found


def test_what_is_no_javascript_is_said_with_its_line(tmp_path: Path) -> None:
    pytest.importorskip("tree_sitter_javascript", reason="it is in the extra `migrate`")

    with pytest.raises(CannotRunError, match=r"Expected JavaScript in .*index\.js, found something else in line 2\."):
        changes(tmp_path, "const a = 1;\nconst = ;\n", "index.js")
