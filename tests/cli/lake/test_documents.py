from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest

from powertools_stream.cli.lake import documents as module
from powertools_stream.cli.lake.documents import documents, unzipped

DOCUMENTS: list[Any] = [{"a": "}{"}, {"b": ["ü", {}, []]}, {"c": {"d": "1\n{"}}, {"e": None}]


def read(content: bytes) -> tuple[list[tuple[int, Any]], list[tuple[int, str]]]:
    refused: list[tuple[int, str]] = []
    stream = unzipped(io.BufferedReader(io.BytesIO(content)), lambda why: refused.append((0, why)))
    return list(documents(stream, lambda *why: refused.append(why))), refused


@pytest.mark.parametrize("piece", [1, 2, 7, 1024 * 1024])
@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("between", ["", "\n", "\r\n", " ", "\n\n"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_documents_are_read_however_they_are_put_behind_one_another(
    monkeypatch: pytest.MonkeyPatch, piece: int, ensure_ascii: bool, indent: int | None, between: str, end: str
) -> None:
    monkeypatch.setattr(module, "_PIECE", piece)
    texts = [json.dumps(each, ensure_ascii=ensure_ascii, indent=indent) for each in DOCUMENTS]
    content = (between.join(texts) + end).encode()
    for given in (content, gzip.compress(content), gzip.compress(content[:9]) + gzip.compress(content[9:])):
        found, refused = read(given)
        assert [document for _, document in found] == DOCUMENTS
        assert refused == []


def test_an_array_over_several_lines_is_one_document() -> None:
    found, refused = read(json.dumps([{"a": {}}, {}, []], indent=2).encode())
    assert (found, refused) == ([(1, [{"a": {}}, {}, []])], [])


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b'{"a": 1', "Expected JSON, found text that is not"),
        (b"START RequestId: 1", "Expected JSON, found text that is not"),
        (b'{"a": "\xff"}', "Expected JSON in UTF-8, found a byte 7 that is none."),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "Expected JSON, found more levels than can be read."),
    ],
)
def test_what_is_broken_is_refused_with_its_line_and_the_rest_is_read(broken: bytes, why: str) -> None:
    found, refused = read(b'{"first": 1}\n\n' + broken + b'\n{"last": 1}\n')
    assert found == [(1, {"first": 1}), (4, {"last": 1})]
    ((line, told),) = refused
    assert line == 3
    assert told.startswith(why)


def test_a_broken_document_among_others_in_a_line() -> None:
    found, refused = read(b'{"a":1}{"b":tru}{"c":1}{"d":1')
    assert [document for _, document in found] == [{"a": 1}, {"c": 1}]
    assert [line for line, _ in refused] == [1, 1]


def test_what_does_not_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 10)
    monkeypatch.setattr(module, "_MAX_DOCUMENT", 100)
    found, refused = read(b'{"a":"' + b"x" * 1000 + b'"}\n{"b":1}\n')
    assert found == [(2, {"b": 1})]
    assert "Expected a document of at most 100 bytes, found more." in [why for _, why in refused]


def test_a_byte_order_mark_is_no_error() -> None:
    assert read(b'\xef\xbb\xbf{"a":1}\n') == ([(1, {"a": 1})], [])


@pytest.mark.parametrize("between", ["", "\n"])
@pytest.mark.parametrize("damage", [b"garbage", gzip.compress(b"", mtime=0)[:-4], b"\x1f\x8b\x08", None])
def test_what_is_before_an_error_in_a_gzip_is_read(between: str, damage: bytes | None) -> None:
    content = gzip.compress(between.join(map(json.dumps, DOCUMENTS)).encode())

    found, refused = read(content[:-6] if damage is None else content + damage)

    assert [document for _, document in found] == DOCUMENTS
    assert [why for _, why in refused if "Expected gzip to its end" in why]


def test_zeros_behind_a_gzip_are_no_error() -> None:
    assert read(gzip.compress(json.dumps(DOCUMENTS[0]).encode()) + bytes(600))[1] == []
