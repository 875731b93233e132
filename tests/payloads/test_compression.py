from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from traceback import walk_tb
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from hypothesis import given, strategies as st

from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import evaluate, task
from powertools_stream.outcomes import Disposition, FaultPolicy, Reason
from powertools_stream.payloads import compression
from powertools_stream.payloads.compression import MARK, Compression, InflationError, decompressed
from powertools_stream.payloads.json_text import to_json
from powertools_stream.payloads.limits import count_values
from powertools_stream.testing import (
    run,
    to_eventbridge_event,
    to_kinesis_records,
    to_sns_envelope,
    to_sqs_records,
)

# {"lines": [1, 2, 3], "name": "ä"}, compressed by Node.js like aws-lambda-stream does it.
_FROM_JAVASCRIPT = "COMPRESSEDH4sIAAAAAAAAA6tWysnMSy1Wsoo21DHSMY7VUcpLzE1VslI6vESpFgByx+QVHQAAAA=="


def _compressed(content: bytes) -> str:
    return "COMPRESSED" + b64encode(gzip.compress(content, mtime=0)).decode()


def test_a_large_value_is_replaced_and_the_others_stay() -> None:
    event = {"id": "1", "type": "order-created", "order": {"lines": ["x" * 100] * 200}, "total": 42}

    packed = Compression().compressed(event)

    assert {name: packed[name] for name in ("id", "type", "total")} == {"id": "1", "type": "order-created", "total": 42}
    assert packed["order"].startswith(MARK)
    assert len(packed["order"]) < 1_000
    assert decompressed(dict(packed)) == event


def test_an_event_of_small_values_is_the_same_event() -> None:
    event = {"id": "1", "a": "x" * 10_000, "b": {"c": [1, 2, 3]}, "n": None}

    assert Compression().compressed(event) is event


def test_the_threshold_is_in_bytes_of_json() -> None:
    compression = Compression(threshold=12)

    assert compression.compressed({"a": "x" * 10})["a"] == "x" * 10
    assert compression.compressed({"a": "x" * 11})["a"].startswith(MARK)
    assert compression.compressed({"a": "ä" * 6})["a"].startswith(MARK)
    assert compression.compressed({"a": "\0" * 2})["a"].startswith(MARK)


def test_who_the_event_is_stays_readable_and_so_does_what_is_ignored() -> None:
    large = "x" * 20_000
    event = {"id": large, "type": large, "tags": {"a": large}, "partition_key": large, "note": large, "text": large}

    packed = Compression(ignore=("note",)).compressed(event)

    assert [name for name in packed if packed[name] != event[name]] == ["text"]


def test_the_same_value_is_always_the_same_text() -> None:
    event = {"a": list(range(10_000))}

    assert Compression().compressed(event) == Compression().compressed(event)


def test_what_is_compressed_already_is_left_alone() -> None:
    packed = Compression(threshold=10).compressed({"a": list(range(1_000))})

    assert Compression(threshold=10).compressed(packed) is packed


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
        max_leaves=30,
    )
)
def test_what_was_compressed_reads_as_it_was(value: Any) -> None:
    event = {"value": value}

    packed = json.loads(to_json(Compression(threshold=4).compressed(event)))

    assert decompressed(packed) == json.loads(to_json(event))


# -- Reading -----------------------------------------------------------------------------------------------------------
def test_values_of_the_javascript_library_are_read() -> None:
    value = {"lines": [1, 2, 3], "name": "ä"}

    found = decompressed({"a": _FROM_JAVASCRIPT, "b": [_FROM_JAVASCRIPT], "c": {"d": _FROM_JAVASCRIPT}})

    assert found == {"a": value, "b": [value], "c": {"d": value}}


def test_a_value_in_a_value_is_read() -> None:
    inner = _compressed(b"[1, 2]")
    outer = _compressed(json.dumps({"inner": inner}).encode())

    assert decompressed(outer) == {"inner": [1, 2]}


@pytest.mark.parametrize("text", ["COMPRESSED", "COMPRESSED AIR", "COMPRESSEDH4s", "x COMPRESSEDH4sI"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert decompressed({"a": text}) == {"a": text}


@pytest.mark.parametrize(
    "text",
    [
        MARK,
        MARK + "!!!",
        MARK + "AAAA",
        _compressed(b"{} ")[:-8] + "AAAAAAA=",
        _compressed(b"no json"),
        _compressed(b"\xff\xfe"),
        _compressed(b"1" * 5_000),
        _compressed(b"[" * 100_000 + b"]" * 100_000),
        "COMPRESSED" + b64encode(gzip.compress(b"1", mtime=0) + gzip.compress(b"2", mtime=0)).decode(),
    ],
)
def test_a_broken_value_is_an_error_that_does_not_show_it(text: str) -> None:
    with pytest.raises(InflationError, match="Expected") as raised:
        decompressed({"a": text})
    assert text not in str(raised.value)


def test_what_is_nested_too_deep_around_a_value_is_an_error() -> None:
    value: Any = _FROM_JAVASCRIPT
    for _ in range(100_000):
        value = [value]

    with pytest.raises(InflationError, match="nested too deep"):
        decompressed(value)


def test_a_bomb_is_an_error_before_it_takes_the_memory() -> None:
    bomb = _compressed(b'"' + b"x" * 50_000_000 + b'"')
    assert len(bomb) < 100_000

    with pytest.raises(InflationError, match="at most 16777216 bytes"):
        decompressed({"a": bomb})


def test_many_small_bombs_count_together() -> None:
    bomb = _compressed(b'"' + b"x" * 1_000 + b'"')

    assert len(decompressed([bomb] * 9, max_bytes=10_000)) == 9
    with pytest.raises(InflationError):
        decompressed([bomb] * 11, max_bytes=10_000)


def test_a_bomb_in_a_bomb_is_an_error() -> None:
    value = _compressed(b"1")
    for _ in range(20):
        value = _compressed(json.dumps(value).encode())

    with pytest.raises(InflationError, match="at most 8 times"):
        decompressed(value)


def _values(count: int) -> bytes:
    """JSON of an array that counts as so many values."""
    return b"[" + b"0," * (count - 2) + b"0]"


def test_a_bomb_of_values_is_an_error_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of two bytes would take 56 of memory, and time to be made and cleared away."""
    bomb = _compressed(b"[" + b"[]," * 5_500_000 + b"[]]")
    assert len(bomb) < 30_000
    monkeypatch.setattr(compression, "from_json", None)

    with pytest.raises(InflationError, match="at most 1000000 values, found more"):
        decompressed({"a": bomb})


def test_many_small_bombs_of_values_count_together() -> None:
    half = _compressed(_values(500_000))

    assert len(decompressed([half, half])) == 2
    with pytest.raises(InflationError, match="at most 1000000 values"):
        decompressed([half, half, _compressed(b"1")])


@pytest.mark.parametrize("text", ["x, y [z] {w} ", r"a\"b,", "\\\\", '\\\\\\",'])
def test_prose_is_one_value_however_many_commas_it_has(text: str) -> None:
    value = {"text": text * 1_100_000}

    assert decompressed({"a": _compressed(json.dumps(value).encode())}) == {"a": value}


@given(
    st.recursive(
        st.none() | st.integers() | st.text('ab,[{"\\\n'),
        lambda inner: st.lists(inner) | st.dictionaries(st.text('a,[{"\\'), inner),
    )
)
def test_values_are_counted_without_parsing(value: Any) -> None:
    data = json.dumps(value).encode()

    exact = _count(value)

    assert exact <= count_values(data)
    # Above the limit, what stands inside strings is left out; empty containers count for two.
    assert exact <= count_values(data, 0) <= 2 * exact


def _count(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, inner))


# -- In a batch --------------------------------------------------------------------------------------------------------
def test_events_are_published_compressed_where_the_processor_says_so() -> None:
    rule = {"id": "r", "flavor": task, "execute": lambda uow: {"text": "x" * 20_000}, "emit": "y"}
    event = to_sqs_records([{"id": "1", "type": "x"}])

    (packed,) = run([rule], event, compression=Compression()).events
    (plain,) = run([rule], event).events

    assert plain["text"] == "x" * 20_000
    assert packed["text"].startswith(MARK)
    assert decompressed(packed) == plain


def test_compressed_values_are_read_from_every_source() -> None:
    body = {"id": "1", "type": "x", "text": _compressed(b'{"a": 1}')}
    rule = {"id": "r", "flavor": task, "execute": lambda uow: uow.event["text"]}

    for event in (
        to_sqs_records([body]),
        to_kinesis_records([body]),
        to_sqs_records([to_sns_envelope(body)]),
    ):
        outcome = run([rule], event)
        assert [result.uow["result"] for result in outcome.results] == [{"a": 1}]


def test_a_bomb_is_a_fault_of_its_record_alone() -> None:
    bomb = _compressed(b'"' + b"x" * 20_000_000 + b'"')
    rule = {"id": "r", "flavor": task, "execute": lambda uow: uow.event["id"]}

    outcome = run([rule], to_sqs_records([{"id": "1", "type": "x", "a": bomb}, {"id": "2", "type": "x"}]))

    assert [result.uow["result"] for result in outcome.results] == ["2"]
    (fault,) = outcome.faults
    assert "at most 16777216 bytes" in str(fault.error)
    assert len(outcome.response["batchItemFailures"]) == 1


def test_compressed_values_are_read_from_a_payload_that_is_no_text_and_the_record_stays() -> None:
    event = to_eventbridge_event({"id": "1", "type": "x", "text": _compressed(b'{"a": 1}'), "l": [_compressed(b"2")]})
    before = json.dumps(event)
    rule = {"id": "r", "flavor": task, "execute": lambda uow: (uow.event["text"], uow.event["l"])}

    outcome = run([rule], event)

    assert [result.uow["result"] for result in outcome.results] == [({"a": 1}, [2])]
    assert json.dumps(event) == before


def test_a_bomb_in_a_payload_that_is_no_text_is_a_fault() -> None:
    bomb = _compressed(b'"' + b"x" * 20_000_000 + b'"')
    rule = {"id": "r", "flavor": task, "execute": lambda uow: uow.event["id"]}

    with pytest.raises(BatchProcessingError):
        run([rule], to_eventbridge_event({"id": "1", "type": "x", "a": bomb}))


def _runs_with(monkeypatch: pytest.MonkeyPatch, megabytes: str, events: list[dict[str, Any]], **options: Any) -> Any:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", megabytes)
    rule = {"id": "r", "flavor": task, "execute": lambda uow: uow.event["id"]}
    return run([rule], to_kinesis_records(events), **options)


def test_the_bombs_of_a_batch_count_together_and_what_is_too_much_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # About 60 MB each; half of 256 MB is there for them.
    large = _compressed(_values(600_000))
    events = [{"id": str(n), "type": "x", "a": large} for n in range(4)]
    events.insert(3, {"id": "small", "type": "x"})

    outcome = _runs_with(monkeypatch, "256", events, on_fault=FaultPolicy.PUBLISH)

    assert [result.uow["result"] for result in outcome.results] == ["0", "1", "small"]
    assert {fault.reason for fault in outcome.faults} == {Reason.RETRYABLE}
    assert "Give the function more memory" in str(outcome.faults[0].error)
    assert len(outcome.response["batchItemFailures"]) == 2


def test_a_stream_goes_on_however_large_its_records_are(monkeypatch: pytest.MonkeyPatch) -> None:
    large = [{"id": str(n), "type": "x", "a": [_compressed(_values(250_000))] * 2} for n in range(3)]
    done: list[str] = []

    while large:
        outcome = _runs_with(monkeypatch, "128", large, raise_on_entire_batch_failure=False)
        ended = [result.uow["result"] for result in outcome.results]
        assert ended, "not a single record of the batch was done"
        done += ended
        large = large[len(ended) :]

    assert done == ["0", "1", "2"]


def test_a_record_that_takes_more_than_the_function_has_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [{"id": "large", "type": "x", "a": _compressed(_values(900_000))}, {"id": "small", "type": "x"}]

    outcome = _runs_with(monkeypatch, "128", events, on_fault=FaultPolicy.PUBLISH)

    assert [result.uow["result"] for result in outcome.results] == ["small"]
    (fault,) = outcome.faults
    assert (type(fault.error), fault.disposition) == (MalformedRecordError, Disposition.SET_ASIDE)
    assert "half of the function's memory" in str(fault.error)


def test_each_batch_has_the_memory_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [{"id": "1", "type": "x", "a": _compressed(_values(600_000))}]

    for _ in range(5):
        assert _runs_with(monkeypatch, "128", events).response == {"batchItemFailures": []}


def test_a_payload_without_compression_is_limited_too() -> None:
    bomb = '{"id":"1","type":"x","a":[' + "[]," * 500_000 + "[]]}"
    rule = {"id": "r", "flavor": task, "execute": lambda uow: uow.event["id"]}

    outcome = run([rule], to_kinesis_records([bomb, {"id": "2", "type": "x"}]))

    assert [result.uow["result"] for result in outcome.results] == ["2"]
    assert "to hold at most 1000000 values, found more" in str(outcome.faults[0].error)


def test_the_error_of_a_bomb_does_not_keep_what_was_inflated() -> None:
    bombs = [b'"' + b"x" * 15_000_000, b"[" + b"[]," * 5_000_000 + b"[]]"]
    rule = {"id": "r", "flavor": task, "execute": lambda uow: uow.event["id"]}
    batch = to_sqs_records([{"id": "1", "type": "x", "a": _compressed(bomb)} for bomb in bombs])

    outcome = run([rule], batch, raise_on_entire_batch_failure=False)

    assert len(outcome.faults) == 2
    for fault in outcome.faults:
        error: BaseException | None = fault.error
        while error is not None:
            frames = [frame for frame, _ in walk_tb(error.__traceback__)]
            kept = [value for frame in frames for value in frame.f_locals.values()]
            assert not [value for value in kept if isinstance(value, str | bytes) and len(value) > 1_000_000]
            assert len(getattr(error, "doc", "")) < 1_000_000
            error = error.__context__


@pytest.mark.parametrize("on_rule", [{}, {"event_type": re.compile("^order")}, {"event_type": ["order-created", "x"]}])
def test_a_bomb_of_a_type_that_no_rule_is_for_is_nobodys_business(on_rule: dict[str, Any]) -> None:
    bomb = _compressed(b"[" + b"[]," * 5_500_000 + b"[]]")
    rule = {"id": "r", "flavor": task, "execute": lambda uow: uow.event["id"], **on_rule}
    events = [{"id": "1", "type": "order-created"}, {"id": "2", "type": "other", "a": bomb}]

    outcome = run([rule], to_sqs_records(events))

    assert [result.uow["result"] for result in outcome.results] == ["1"]
    assert len(outcome.faults) == (0 if on_rule else 1)


def test_a_bomb_may_be_for_a_rule_that_prepares_its_events() -> None:
    bomb = {"id": "1", "type": "other", "a": _compressed(b'"' + b"x" * 20_000_000 + b'"')}

    outcome = run(
        [{"id": "r", "flavor": evaluate, "event_type": "order-created", "emit": "y"}],
        to_sqs_records([bomb]),
        raise_on_entire_batch_failure=False,
    )

    assert len(outcome.faults) == 1
