from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from powertools_stream.cli.lake import Selection, StoredEvent, open_lake, unique
from powertools_stream.cli.lake.newest import Newest
from powertools_stream.cli.lake.sought import Sought
from powertools_stream.cli.sending import Journal
from powertools_stream.cli.status import CannotRunError
from tests.cli.lake.events import AT, HERE, enveloped, event, fault, ids_in, lines


def test_a_file_with_events_in_envelopes_and_without(tmp_path: Path) -> None:
    service = {"Type": "Notification", "TopicArn": "arn", "Message": lines([event("4")]).decode()}
    stored = [event("1"), enveloped(event("2")), enveloped({"order": 1}), service, [event("5"), event("6")]]
    (tmp_path / "events").write_bytes(lines(stored, zipped=True))
    lake = open_lake(str(tmp_path / "events"), HERE)
    one, two, three, four, five, six = lake.events(Selection())
    assert one == StoredEvent(event("1"), f"{tmp_path}/events:1")
    assert two.event == event("2")
    assert three.event == {
        "order": 1,
        "id": "envelope of None",
        "type": "order-submitted",
        "timestamp": AT,
    }
    assert (four.event["id"], five.place, six.place) == ("4", f"{tmp_path}/events:5", f"{tmp_path}/events:5")


def test_a_folder_is_read_in_the_order_of_keys_and_without_hidden_files(tmp_path: Path) -> None:
    for name, identifier in {
        "2025/11/29/22/a": "4",
        "2025/11/29/21/b.gz": "3",
        "2025/11/20/21/b": "2",
        "2025-summary": "1",
        "faults": "5",
        ".DS_Store": "-",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(lines([event(identifier)], zipped=name.endswith("gz")))
    (tmp_path / "empty").touch()
    assert ids_in(tmp_path) == ["1", "2", "3", "4", "5"]
    assert ids_in(tmp_path, since=AT) == ["1", "3", "4", "5"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines([event("1")]))))
    (stored,) = open_lake("-", HERE).events(Selection())
    assert stored.place == "standard input:1"


def test_what_is_no_event_is_told_with_its_place_and_the_rest_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").write_bytes(lines([event("1"), '"text"', '{"id": ', {"id": "2"}, enveloped(event("3"), detail=4)]))
    (tmp_path / "b.gz").write_bytes(gzip.compress(lines([event("5")] * 1000))[:60])
    (tmp_path / "c").write_bytes(lines([{"id": "6", "type": "t"}, event("7")]))
    lake = open_lake(str(tmp_path), HERE)
    found = [stored.event["id"] for stored in unique(lake.events(Selection(since=AT)))]
    assert found[0] == "1"
    assert found[-1] == "7"
    assert lake.reading.problems == 6
    errors = capsys.readouterr().err
    assert f"warning: {tmp_path}/a:3: Expected JSON, found text that is not: Expecting value." in errors
    assert "a:2: Expected an event, a JSON object, found a text." in errors
    assert "a:4: Expected an event with type, found an object with the fields: id." in errors
    assert "a:5: Expected the detail of the EventBridge event to be the text of a JSON object" in errors
    assert "b.gz: Expected gzip to its end, found an error in it" in errors
    assert "c:1: Expected an event with a timestamp, by which it may be selected, found none." in errors


def test_a_file_of_another_kind_has_a_few_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").write_bytes(b"INFO [1] started\n" * 1000)
    (tmp_path / "table.parquet").write_bytes(b"PAR1\x15\x00{\n{\n" * 100)
    lake = open_lake(str(tmp_path), HERE)
    with lake.reading.bar():
        assert list(lake.events(Selection())) == []
    errors = capsys.readouterr().err
    assert lake.reading.problems == 1001
    assert errors.count("warning:") == 21
    assert "981 more problems of this kind." in errors


@pytest.mark.parametrize(
    "location", ["nowhere", "ftp://lake", "s3://Lake", "s3://", "s3://lake/a*/b", "arn:aws:s3:::lake"]
)
def test_a_location_that_is_none(location: str) -> None:
    with pytest.raises(CannotRunError, match="Expected"):
        open_lake(location, HERE)


def test_the_newest_are_kept_each_once_as_it_was_stored_last() -> None:
    newest = Newest(2, lambda stored: (stored.event["id"], stored.place))
    for identifier, at in [("a", 5), ("b", 1), ("c", 3), ("b", 9), ("a", 4), ("d", 2), ("b", 9), ("e", 6)]:
        newest.add(StoredEvent(event(identifier, at=at), f"{identifier}{at}"))
    assert newest.rows() == [("e", "e6"), ("b", "b9")]
    assert newest.count == 5


def test_events_are_sought_by_their_ids_or_how_these_begin() -> None:
    sought = Sought(["o-1", "f", "x"])
    for identifier in ("o-10", "f-1", "o-1", "f-2", "o-11", "f-1"):
        sought.look_at(StoredEvent(fault(identifier), identifier))
    assert [stored.place for stored in sought.found()] == ["o-1", "f-1", "f-2"]
    assert sought.missing() == ["x"]
    for number in range(20):
        sought.look_at(StoredEvent(event(f"x{number}"), ""))
    with pytest.raises(CannotRunError, match="more than 20 ids begin"):
        sought.look_at(StoredEvent(event("x20"), ""))


def test_a_journal_in_the_lake_is_none_of_its_events(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(lines([event("1")]))
    with Journal(tmp_path / "resubmit.jsonl", "faults resubmit") as journal:
        journal.sending({"a": 1}, "orders")
        journal.settled(["a"])
    lake = open_lake(str(tmp_path), HERE)

    assert [stored.event["id"] for stored in lake.events(Selection())] == ["1"]
    assert lake.reading.problems == 0
