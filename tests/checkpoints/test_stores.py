"""Every store keeps checkpoints in the same way, a user's own included."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.cache import CachePersistenceLayer

from powertools_stream import StreamProcessor
from powertools_stream.checkpoints import (
    CacheCheckpointStore,
    Checkpoint,
    CheckpointStore,
    DynamoDBCheckpointStore,
    InMemoryCheckpointStore,
)
from powertools_stream.checkpoints.marks import marks_from, text_of
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.checkpoints.rules import Ran, context, processor_of, reported, rule
from tests.conftest import Aws

Make = Callable[..., CheckpointStore]


class FakeCache:
    """As much of a client of Valkey or Redis as Powertools' layer uses."""

    def __init__(self) -> None:
        self.kept: dict[Any, Any] = {}
        self.seconds: dict[Any, Any] = {}

    def get(self, name: Any) -> Any:
        return self.kept.get(name)

    def set(self, name: Any, value: Any, ex: Any = None, px: Any = None, nx: bool = False) -> bool:
        self.kept[name], self.seconds[name] = value, ex
        return True

    def delete(self, *names: Any) -> Any:
        for name in names:
            self.kept.pop(name, None)


def _cache_layer(cache: FakeCache) -> CachePersistenceLayer:
    with warnings.catch_warnings():
        # Powertools warns of its own old name for it.
        warnings.simplefilter("ignore", DeprecationWarning)
        return CachePersistenceLayer(client=cache)


@pytest.fixture
def make_dynamodb(aws: Aws) -> Make:
    aws.create_table("checkpoints", ("id",))
    return lambda **options: DynamoDBCheckpointStore("checkpoints", **options)


@pytest.fixture
def make_dynamodb_with_sort_key(aws: Aws) -> Make:
    aws.create_table("checkpoints", ("pk", "sk"))
    return lambda **options: DynamoDBCheckpointStore("checkpoints", key_attr="pk", sort_key_attr="sk", **options)


@pytest.fixture
def make_cache() -> Make:
    layer = _cache_layer(FakeCache())
    return lambda **options: CacheCheckpointStore(layer, **options)


@pytest.fixture
def make_layer(aws: Aws) -> Make:
    aws.create_table("checkpoints", ("id",))
    layer = DynamoDBPersistenceLayer("checkpoints")
    return lambda **options: CacheCheckpointStore(layer, **options)


@pytest.fixture
def make_memory() -> Make:
    return InMemoryCheckpointStore


@pytest.fixture(
    params=["make_dynamodb", "make_dynamodb_with_sort_key", "make_cache", "make_layer", "make_memory"],
)
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.getfixturevalue(request.param)
    return made


def _messages(count: int, *, receive_count: int = 1) -> dict[str, Any]:
    return to_sqs_records(
        {"body": {"id": f"e{n}", "type": "t"}, "message_id": f"m{n}", "receive_count": receive_count}
        for n in range(count)
    )


def _drive(driven: Any) -> Any:
    """Let a processor carry out what a store asks for."""
    answers: list[Any] = []

    def flavor(uow: Any, rule: Any) -> Any:
        answers.append(driven if isinstance(driven, Mapping) or driven is None else (yield driven))

    StreamProcessor(rules=[{"id": "r", "flavor": flavor}]).process_event(_messages(1))
    return answers[0]


def test_what_is_saved_is_loaded_and_nothing_else(make: Make) -> None:
    store = make()

    _drive(store.save_many([Checkpoint(f"f#{n}", f"value {n}", 60) for n in range(3)]))

    assert _drive(store.load_many(["f#2", "f#0", "f#9"])) == {"f#0": "value 0", "f#2": "value 2"}


def test_a_checkpoint_takes_the_place_of_the_one_before(make: Make) -> None:
    store = make()

    _drive(store.save_many([Checkpoint("f#1", "first", 60)]))
    _drive(store.save_many([Checkpoint("f#1", "second", 60)]))

    assert _drive(store.load_many(["f#1"])) == {"f#1": "second"}


@pytest.mark.parametrize(("ttl", "retention"), [(None, -1), (timedelta(seconds=-1), 60)])
def test_what_has_expired_is_not_loaded(make: Make, ttl: timedelta | None, retention: int) -> None:
    store = make(ttl=ttl)

    _drive(store.save_many([Checkpoint("f#1", "value", retention)]))

    assert _drive(store.load_many(["f#1"])) == {}


def test_a_redelivered_message_runs_only_what_was_not_done(make: Make) -> None:
    ran, bad = Ran(), {"e1", "e2"}
    rules = [rule(ran, "a"), rule(ran, "b", lambda event_id: event_id in bad)]

    first = processor_of(rules, make()).process_event(_messages(4), context)
    bad.clear()
    event = _messages(4, receive_count=2)
    event["Records"] = event["Records"][1:3]
    second = processor_of(rules, make()).process_event(event, context)

    assert (reported(first), reported(second)) == (["m1", "m2"], [])
    # A store in memory forgets with its processor, as another environment of the function does.
    assert ran["b", "e1"] == 1
    if make is not InMemoryCheckpointStore:
        assert set(ran.values()) == {1}


# -- DynamoDB ----------------------------------------------------------------------------------------------------------


def test_items_are_laid_out_as_those_of_powertools(make_dynamodb: Make, aws: Aws) -> None:
    ran = Ran()

    processor_of(
        [rule(ran, "a"), rule(ran, "b", lambda event_id: True)],
        make_dynamodb(ttl=timedelta(hours=1)),
    ).process_event(_messages(1), context)

    (item,) = aws.items("checkpoints")
    assert item["status"] == {"S": "COMPLETED"}
    assert item["id"]["S"].startswith("orders.checkpoint#")
    assert abs(int(item["expiration"]["N"]) - time.time() - 3600) < 60
    assert list(marks_from(item["data"]["S"]).values()) == [{"a"}]
    record = DynamoDBPersistenceLayer("checkpoints")._get_record(item["id"]["S"])
    assert record.status == "COMPLETED"


def test_hundred_messages_take_a_call_and_are_saved_in_calls_of_25(endpoint: ScriptedEndpoint) -> None:
    rules = [rule(Ran(), "a"), rule(Ran(), "b", lambda event_id: True)]
    processor = processor_of(rules, DynamoDBCheckpointStore("checkpoints"))

    processor.process_event(_messages(120), context)
    first = [name for name, _ in endpoint.calls]
    endpoint.clear()
    processor.process_event(_messages(120, receive_count=2), context)

    assert first == ["BatchWriteItem"] * 5
    gets = endpoint.bodies("BatchGetItem")
    assert [len(body["RequestItems"]["checkpoints"]["Keys"]) for body in gets] == [100, 20]
    assert all(body["RequestItems"]["checkpoints"]["ConsistentRead"] for body in gets)


def test_nothing_is_asked_or_written_while_nothing_fails(endpoint: ScriptedEndpoint) -> None:
    processor = processor_of([rule(Ran(), "a")], DynamoDBCheckpointStore("checkpoints"))

    for _ in range(2):
        processor.process_event(_messages(10), context)

    assert endpoint.calls == []


# -- Cache -------------------------------------------------------------------------------------------------------------


def test_a_cache_forgets_by_itself() -> None:
    cache = FakeCache()
    store = CacheCheckpointStore(_cache_layer(cache), ttl=timedelta(minutes=5))
    rules = [rule(Ran(), "a"), rule(Ran(), "b", lambda event_id: True)]

    processor_of(rules, store).process_event(_messages(1), context)

    ((key, value),) = cache.kept.items()
    assert 290 <= cache.seconds[key] <= 300
    assert json.loads(value)["status"] == "COMPLETED"


# -- The text ----------------------------------------------------------------------------------------------------------


def test_the_marks_of_the_largest_batch_fit_one_item() -> None:
    marks = {
        n.to_bytes(8, "big"): frozenset({f"a-rule-with-a-long-name-{i}" for i in range(20)}) for n in range(10_000)
    }

    text = text_of(marks)

    assert len(text) < 120_000
    assert marks_from(text) == marks


def test_of_too_many_marks_as_many_are_kept_as_fit() -> None:
    marks = {n.to_bytes(8, "big"): frozenset({f"r{n % 3}"}) for n in range(100_000)}

    text = text_of(marks)

    kept = marks_from(text)
    assert 340_000 < len(text) <= 350_000
    assert all(marks[mark] == rule_ids for mark, rule_ids in kept.items())
    assert len(kept) > 30_000


@pytest.mark.parametrize("text", ["", "{", "5", '[["a"]]', '[["a", "AAAA"]]', '[[["a"], "%"]]', '[[["a"], 5]]'])
def test_what_is_no_text_of_marks_is_refused(text: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        marks_from(text)


class OwnStore:
    """A user's own, which derives from nothing."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def load_many(self, keys: Sequence[str]) -> Mapping[str, str]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> None:
        self.kept.update((checkpoint.key, checkpoint.value) for checkpoint in checkpoints)


def test_a_store_of_ones_own_needs_two_methods() -> None:
    ran, bad, store = Ran(), {"e0"}, OwnStore()
    processor = processor_of([rule(ran, "a"), rule(ran, "b", lambda event_id: event_id in bad)], store)

    processor.process_event(_messages(1), context)
    bad.clear()
    processor.process_event(_messages(1, receive_count=2), context)

    assert set(ran.values()) == {1}
