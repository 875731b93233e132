"""The README's Python blocks run unchanged, in the order in which a reader meets them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.batch import EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.local import LambdaContext
from powertools_stream.testing import to_sqs_records
from tests.rules.test_idempotency import Memory

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r'^```python title="(\w+)\.py"\n(.*?)^```$', README, flags=re.DOTALL | re.MULTILINE)
# A package index shows the README by itself, so its links begin with the address of the sources.
(SOURCE,) = re.findall(r'^Source = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)


EVENT = to_sqs_records([{"id": str(number), "type": "order-created"} for number in (1, 2)])
Handler = Callable[..., Any]


def _fail_second(uow: UnitOfWork) -> None:
    if uow.event["id"] == "2":
        raise ValueError("no")


_RULES = [{"id": "fail_second", "flavor": task, "execute": _fail_second}]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the README's blocks define, as modules of a reader's own project."""
    names: dict[str, Any] = {}
    for title, block in BLOCKS:
        module = ModuleType(title)
        monkeypatch.setitem(sys.modules, title, module)
        exec(compile(block, f"{title}.py in README.md", "exec"), vars(module))
        names |= vars(module)
    return names


def test_the_tests_that_the_readme_shows_pass(names: dict[str, Any]) -> None:
    tests = [value for name, value in names.items() if name.startswith("test_")]

    assert tests
    for test in tests:
        test()


def test_the_handler_that_the_readme_shows_answers_with_the_partial_batch_response(
    names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BUS_NAME", raising=False)
    event = to_sqs_records([{"type": "order-shipped"}])

    assert names["handler"](event, LambdaContext("orders")) == {"batchItemFailures": []}


def _logger(process: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    logger = Logger(service="readme", stream=sys.stdout)
    logger.inject_lambda_context(lambda event, context: process(event, logger=logger))(EVENT, LambdaContext("orders"))

    _cold_start, line, batch = map(json.loads, capsys.readouterr().out.splitlines())
    assert batch["batch"]["faults"] == 1
    assert (line["rules"], line["function_name"]) == (["fail_second"], "orders")


def _tracer(process: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    tracer = Tracer(service="readme", disabled=True)
    handler = tracer.capture_lambda_handler(lambda event, context: process(event, tracer=tracer))

    assert len(handler(EVENT, LambdaContext("orders"))["batchItemFailures"]) == 1


def _metrics(process: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics(namespace="readme", service="readme")
    metrics.log_metrics(lambda event, context: process(event, metrics=metrics))(EVENT, LambdaContext("orders"))

    assert json.loads(capsys.readouterr().out)["RecordsReported"] == [1.0]


def _idempotency(process: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    kept, config = Memory(), IdempotencyConfig(event_key_jmespath="event.id")
    paid = list[str]()

    @idempotent_function(data_keyword_argument="uow", config=config, persistence_store=kept)  # type: ignore[untyped-decorator]
    def pay(uow: UnitOfWork) -> dict[str, Any]:
        paid.append(uow.event["id"])
        return {"paid": True}

    for _ in range(2):
        process(EVENT, rules=[{"id": "pay", "flavor": task, "execute": pay}])

    assert paid == ["1", "2"]


def _process_partial_response(process: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    seen, processor = list[Any](), StreamProcessor(EventType.SQS, rules=_RULES)

    response = process_partial_response(EVENT, lambda record: seen.append(record), processor)

    assert len(response["batchItemFailures"]) == 1
    assert [record.json_body["id"] for record in seen] == ["1", "2"]


KEEP_WORKING = {
    "Logger": _logger,
    "Tracer": _tracer,
    "Metrics": _metrics,
    "Idempotency": _idempotency,
    "process_partial_response": _process_partial_response,
}


@pytest.mark.parametrize("name", KEEP_WORKING)
def test_what_keeps_working_of_powertools_works(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    def process(event: dict[str, Any], **options: Any) -> Any:
        return StreamProcessor(**{"rules": _RULES, **options}).process_event(event, LambdaContext("orders"))

    KEEP_WORKING[name](process, capsys)


def test_each_thing_that_keeps_working_has_a_test() -> None:
    (promise,) = re.findall(r": ([^:]+?)\s+keep working\.", README)

    assert set(re.findall(r"\w+", promise.replace(" and", ""))) == set(KEEP_WORKING)


def test_the_handler_is_as_short_as_promised() -> None:
    lines = [line for line in BLOCKS[0][1].splitlines() if line]

    assert len(lines) <= 15


def test_the_links_of_the_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)

    assert [target for target in targets if not target.startswith("https://")] == []
    assert [file for file in files_of(targets) if not (ROOT / file).is_file()] == []


def files_of(targets: list[str]) -> list[str]:
    files = [re.fullmatch(rf"{re.escape(SOURCE)}/(?:blob|raw)/main/(.+)", target) for target in targets]
    return [file[1] for file in files if file]


def test_the_badges_of_the_readme_are_true() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    first, *_, last = re.findall(r"Python :: (3\.\d+)\"", project)

    badges = re.findall(r"^!\[([^\]]+)\]\(https://img\.shields\.io/badge/", README, re.MULTILINE)
    assert badges == [f"Python {first} to {last}", "MIT license", "Typed"]
    assert 'license = "MIT"' in project
    assert (ROOT / "powertools_stream" / "py.typed").is_file()


def test_the_table_of_outcomes_is_the_one_in_the_docs() -> None:
    table = re.compile(r"^\| outcome of its rules .*?\n\n", flags=re.DOTALL | re.MULTILINE)
    faults = (ROOT / "docs/faults.md").read_text(encoding="utf-8")

    assert table.findall(README) == table.findall(faults) != []
