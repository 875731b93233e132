"""Another decoder for payloads, which never makes a record fail that Python's decoder takes."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import assume, given, strategies as st

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.payloads.decoding import decode, decoded_by
from powertools_stream.payloads.json_text import from_json
from powertools_stream.testing import run, to_kinesis_records, to_sqs_records

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Half a surrogate pair, which orjson refuses, is among these.
    | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def _read(text: str, decoder: Any) -> Any:
    with decoded_by(decoder):
        try:
            return decode(text)
        except ValueError:
            return ValueError


@given(_VALUES, st.booleans())
def test_another_decoder_reads_the_same(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)

    assert _read(text, orjson.loads) == _read(text, None) == value


@given(st.text())
def test_what_is_no_json_is_none_for_either(text: str) -> None:
    assume(not re.search(r"\d{19}", text))  # an integer of more than 64 bits, which orjson reads as a float
    assert _read(text, orjson.loads) == _read(text, None)


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", '{"a": -Infinity}', "", "{", "\ufeff{}", '"\\ud800"', "[" * 5_000]
)
def test_what_one_decoder_refuses_the_other_decides(text: str) -> None:
    assert _read(text, orjson.loads) == _read(text, None)


def test_any_exception_of_the_decoder_hands_over_to_python() -> None:
    def broken(text: str) -> Any:
        raise KeyError(text)

    assert _read('{"a": 1}', broken) == {"a": 1}


@pytest.mark.parametrize("to_records", [to_sqs_records, to_kinesis_records])
def test_the_payloads_of_a_processor_are_decoded_by_its_decoder(to_records: Any) -> None:
    decoded: list[str] = []

    def decoder(text: str) -> Any:
        decoded.append(text)
        return from_json(text)

    def execute(uow: UnitOfWork) -> Any:
        return uow.event["n"]

    processor = StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": execute}], decoder=decoder)
    processor.process_event(to_records([{"type": "x", "n": n} for n in range(3)]))

    assert len(decoded) == 3
    assert [result.uow["result"] for result in processor.results] == [0, 1, 2]
    # Nothing of it stays.
    StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": execute}]).process_event(to_records([{"n": 1}]))
    assert len(decoded) == 3


class _Record(dict[str, Any]):
    pass


@pytest.mark.parametrize("made", [_Record, OrderedDict, MappingProxyType])
def test_other_mappings_than_dicts_are_made_dicts(made: Any) -> None:
    def decoder(text: str) -> Any:
        return json.loads(text, object_hook=made)

    events = [{"type": "x", "tags": {"a": 1}, "lines": [{"price": 1}]}, {"type": "x", "tags": {"skip": True}}]
    rules = [{"id": "r", "flavor": task, "execute": lambda uow: uow.event["lines"][0]["price"]}]

    outcome = run(rules, to_sqs_records([*events, events[0]]), decoder=decoder)

    assert outcome.faults == []
    seen = [result.uow.event for result in outcome.results]
    assert [type(value) for event in seen for value in (event, event["tags"], event["lines"][0])] == [dict] * 6


def test_a_decoder_that_is_no_function_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"a function of a JSON text .*such as orjson\.loads"):
        StreamProcessor(rules=[], decoder="orjson")  # type: ignore[arg-type]
