"""The journal of what was sent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from powertools_stream.cli.sending import Interruption, Journal, Pace, journal_path
from powertools_stream.cli.status import CannotRunError


def filled(path: Path) -> Journal:
    journal = Journal(path, "resubmit")
    with journal:
        journal.sending({"a": 1, "b": 2, "c": 3}, "orders")
        journal.settled(["a"], {"b": "no"})
    return journal


def test_it_knows_what_is_done_and_what_is_in_doubt(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    filled(path)

    again = Journal(path, "resubmit")

    assert (again.done, again.in_doubt) == ({"a": 1}, frozenset({"c"}))
    assert again.is_done("a", 1)
    assert not again.is_done("a", 2)
    assert not any(again.is_done(key, 0) for key in "bcd")
    with again:
        again.sending({"c": 3, "a": 5}, "orders")
        again.settled(["c", "a"])
    assert Journal(path, "resubmit").done == {"a": 5, "c": 3}
    assert Journal(path, "resubmit").in_doubt == frozenset()


def test_a_torn_last_line_is_left_out_wherever_it_was_torn(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    filled(path)
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)

    for length in range(len(content)):
        path.write_bytes(content[:length])
        whole = len(b"".join(line for n, line in enumerate(lines) if len(b"".join(lines[: n + 1])) <= length))
        journal = Journal(path, "resubmit")
        with journal:
            journal.sending({"d": 1}, "orders")
        assert path.read_bytes()[:whole] == content[:whole]
        assert all(json.loads(line) for line in path.read_bytes().splitlines())
        assert Journal(path, "resubmit").in_doubt >= {"d"}


def test_one_run_at_a_time_and_one_command(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    first, second = Journal(path, "resubmit"), Journal(path, "resubmit")

    with first, pytest.raises(CannotRunError, match="another run is using it"), second:
        pass
    with first:
        first.sending({"a": 1}, "orders")
        first.settled(["a"])
    with second:  # it has read the file before the other one wrote
        assert second.is_done("a", 1)
    with pytest.raises(CannotRunError, match="to be a journal of 'replay', but line 1"):
        Journal(path, "replay")


@pytest.mark.parametrize("line", ["{", "[]", "1", '{"done": 1}', '{"sending": []}', '{"sending": {"a": "x"}}'])
def test_a_broken_line_in_the_middle_is_an_error(tmp_path: Path, line: str) -> None:
    path = tmp_path / "journal.jsonl"
    filled(path)
    path.write_text(path.read_text() + line + "\n" + '{"done": [], "failed": {}}\n')

    with pytest.raises(CannotRunError, match="line 4 is none"):
        Journal(path, "resubmit")


def test_it_is_written_within_its_context_only(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="to have been entered"):
        Journal(tmp_path / "j", "resubmit").settled([])
    with pytest.raises(CannotRunError, match="Cannot read the journal"):
        Journal(tmp_path, "resubmit")


def test_the_default_file_is_named_after_the_lake_however_it_is_spelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    alike: list[list[str]] = [
        ["s3://lake/faults/", "s3://lake/faults"],
        ["lake", "lake/", "./lake", "sub/../lake", str(tmp_path / "lake")],
        ["sqs://q", "https://sqs.eu-west-1.amazonaws.com/123456789012/q", "arn:aws:sqs:eu-west-1:123456789012:q"],
        ["s3://lake/faults-*"],
        ["-"],
        ["/lake"],
    ]
    names = [{journal_path("resubmit", location).name for location in each} for each in alike]

    assert [len(each) for each in names] == [1] * len(alike)
    assert len(set[str]().union(*names)) == len(alike)
    assert journal_path("resubmit", "s3://lake/faults").name.startswith("resubmit-s3-lake-faults-")
    assert journal_path("replay", "-").name.startswith("replay-input-")
    assert journal_path("replay", "lake", "sqs://a") != journal_path("replay", "lake", "sqs://b")


@pytest.mark.parametrize("content", ["my notes", '{"id": "1", "type": "fault"}', '{"journal": "mine"', "\n", "[[["])
def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "faults.json"
    path.write_text(content)

    with (
        pytest.raises(CannotRunError, match="to be a journal of 'resubmit', but line 1 is none"),
        Journal(path, "resubmit"),
    ):
        pass
    assert path.read_text() == content


def test_a_head_that_was_not_written_to_its_end_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    filled(path)
    head = path.read_bytes().splitlines()[0]
    for cut in (0, 1, 30, 75, len(head) - 1, len(head)):
        path.write_bytes(head[:cut])
        with Journal(path, "resubmit") as journal:
            journal.sending({"a": 1}, "orders")
        assert Journal(path, "resubmit").in_doubt == {"a"}, cut


def test_a_last_line_without_a_line_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path, "resubmit") as journal:
        journal.sending({"a": 1}, "orders")
        journal.settled(["a"])
    path.write_text(path.read_text().rstrip())

    with Journal(path, "resubmit") as journal:
        assert journal.is_done("a", 1)
        journal.sending({"b": 1}, "orders")
    again = Journal(path, "resubmit")
    assert (again.done, again.in_doubt) == ({"a": 1}, frozenset({"b"}))


def test_a_disk_that_is_full_is_one_line(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path, before = tmp_path / "journal.jsonl", resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path, "resubmit") as journal:
        journal.sending({"a": 1}, "orders")
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, before[1]))
        try:
            with pytest.raises(CannotRunError, match="Cannot write the journal"):
                journal.settled(["a"])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert Journal(path, "resubmit").in_doubt == {"a"}


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="it has no such file")
def test_a_device_is_no_journal() -> None:
    with pytest.raises(CannotRunError, match="Cannot read the journal /dev/null: it is no file"):
        Journal(Path("/dev/null"), "resubmit")


def test_a_pace_lets_the_first_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now, waits = [100.0], list[float]()

    def wait(seconds: float) -> None:
        waits.append(round(seconds, 3))
        now[0] += seconds

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    for rate, expected in (("10/s", [1.0, 0.5]), ("60/m", [10.0, 5.0]), ("36000/h", [1.0, 0.5]), ("10", [1.0, 0.5])):
        waits.clear()
        pace = Pace.of(rate)
        pace.wait = wait
        for count in (10, 5, 5):
            pace.take(count)
        assert waits == expected, rate
    Pace.of(None).take(1_000_000)


@pytest.mark.parametrize("rate", ["0/s", "-1/s", "fast", "10/d", "1e3/s", "", "0.5/h", "9" * 400])
def test_what_is_no_rate_is_an_error(rate: str) -> None:
    with pytest.raises(CannotRunError, match="Expected --rate to be like"):
        Pace.of(rate)


def test_the_second_ctrl_c_does_not_wait(capsys: pytest.CaptureFixture[str]) -> None:
    import os
    import signal

    with Interruption("the invocation") as interruption:
        asked = [interruption.is_asked]
        os.kill(os.getpid(), signal.SIGINT)
        asked.append(interruption.is_asked)
        interruption.wait(60)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert asked == [False, True]
    assert "Ends once the invocation under way" in capsys.readouterr().err
