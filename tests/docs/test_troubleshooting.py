"""The page on troubleshooting quotes messages as they are: each of them is provoked here."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from functools import cache
from inspect import isfunction
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from powertools_stream import EventType, RuleRegistry, StreamProcessor, UnitOfWork, stream_processor
from powertools_stream.flavors import materialize, task
from powertools_stream.matching import changed
from powertools_stream.requests import Call, PutEvent
from powertools_stream.testing import run, to_dynamodb_records, to_kinesis_records, to_sqs_records

PAGE = Path("docs/troubleshooting.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"^### (.+?)(?: \{ #[\w-]+ \})?$", PAGE.split("## By error message")[-1], re.MULTILINE)
ORDER = to_sqs_records([{"id": "o-1", "type": "order-created"}])


def nothing(uow: UnitOfWork) -> None:
    """Do nothing."""


def failed(rules: Any, event: Any = ORDER, place: int = 0, **options: Any) -> str:
    """Return the message of a failure of a batch."""
    return str(run(rules, event, **options).faults[place].error)


def rule(function: Callable[..., Any], **fields: Any) -> list[dict[str, Any]]:
    return [{"id": "accept", "flavor": task, "event_type": "order-created", "execute": function, **fields}]


def raised(function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Exception) as error:  # which one, its message says
        function(*args, **kwargs)
    return str(error.value)


def without_a_table() -> str:
    return failed([{"id": "keep", "flavor": materialize, "to_update_request": lambda uow: {"Key": {"pk": "1"}}}])


def with_a_misspelled_field() -> str:
    return raised(RuleRegistry().add, id="accept", flavor=task, event_typ="order-created", execute=nothing)


def without_a_field() -> str:
    return raised(RuleRegistry().add, id="keep", flavor=materialize, event_type="order-created")


def with_an_id_twice() -> str:
    return raised(RuleRegistry, [*rule(nothing), *rule(nothing)])


def with_a_function_that_takes_too_much() -> str:
    return raised(RuleRegistry, rule(lambda uow, rule, context: None))


def with_a_yielded_result() -> str:
    def accept(uow: UnitOfWork) -> Any:
        yield {"total": 3}

    return failed(rule(accept))


def with_an_async_handler() -> str:
    async def handler(event: Any, context: Any) -> None: ...

    return raised(stream_processor(rules=rule(nothing)), handler)


def without_parentheses() -> str:
    def handler(event: Any, context: Any) -> None: ...

    return raised(stream_processor, handler)


def from_within_itself() -> str:
    def accept(uow: UnitOfWork) -> None:
        processor.process_event(ORDER, None)

    processor = StreamProcessor(rules=rule(accept), raise_on_entire_batch_failure=False)
    processor.process_event(ORDER, None)
    return str(processor.faults[0].error)


def on_a_running_loop() -> str:
    async def accept(uow: UnitOfWork) -> None: ...

    async def test() -> str:
        return failed(rule(accept))

    return asyncio.run(test())


def from_nowhere() -> str:
    return raised(run, rule(nothing), {"order": 1})


def of_another_source() -> str:
    processor = StreamProcessor(EventType.KinesisDataStreams, rules=rule(nothing))
    return raised(processor.process_event, ORDER, None)


def that_cannot_be_read() -> str:
    return failed(rule(nothing), to_sqs_records(["hello"]))


def too_large() -> str:
    return failed(rule(lambda uow: {"text": "x" * 1_000_000}, emit="order-accepted"))


def without_a_type() -> str:
    return failed(rule(lambda uow: PutEvent({"id": "e-1"})))


def with_an_async_call() -> str:
    async def fetch() -> None: ...

    def accept(uow: UnitOfWork) -> Any:
        yield Call(fetch)

    return failed(rule(accept))


def held_back() -> str:
    def keep(uow: UnitOfWork) -> None:
        raise ValueError

    events = [{"id": f"o-{n}", "type": "order-created", "partition_key": "c-1"} for n in range(2)]
    return failed(rule(keep), to_kinesis_records(events), place=1)


def of_a_whole_batch() -> str:
    def accept(uow: UnitOfWork) -> None:
        raise ValueError

    processor = StreamProcessor(rules=rule(accept))
    return raised(processor.process_event, ORDER, None)


def without_images() -> str:
    event = to_dynamodb_records([{"new_image": {"pk": "1", "sk": "order"}, "old_image": {"pk": "1", "sk": "order"}}])
    change = event["Records"][0]["dynamodb"]
    del change["NewImage"], change["OldImage"]
    change["StreamViewType"] = "KEYS_ONLY"
    rules = [{"id": "paid", "flavor": task, "filters": [changed("status")], "execute": nothing}]
    return failed(rules, event)


def that_does_not_fit() -> str:
    class Order(BaseModel):
        total: int

    return failed(rule(nothing, event_model=Order))


def in_no_time() -> str:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 100

    def accept(uow: UnitOfWork) -> None:
        while True:
            pass

    return failed(rule(accept), context=Context())


def that_no_rule_is_for() -> str:
    messages: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger = logging.getLogger(__name__)
    logger.setLevel(logging.INFO)
    logger.addHandler(Handler())
    run(rule(nothing), to_sqs_records([{"type": "order_created"}]), logger=logger)
    return next(message for message in messages if message.startswith("No rule"))


CAUSES = [one for one in list(globals().values()) if isfunction(one) and one.__annotations__ == {"return": "str"}]


@cache
def said() -> dict[str, str]:
    return {cause.__name__: cause() for cause in CAUSES}


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_quoted_message_is_what_the_library_says(quoted: str) -> None:
    pattern = ".+?".join(map(re.escape, quoted.strip("`").split("…")))

    assert any(re.match(pattern, message) for message in said().values()), quoted


def test_every_message_that_is_provoked_is_quoted() -> None:
    patterns = [".+?".join(map(re.escape, quoted.strip("`").split("…"))) for quoted in QUOTED]

    unquoted = {name for name, message in said().items() if not any(re.match(each, message) for each in patterns)}
    assert unquoted == set()
