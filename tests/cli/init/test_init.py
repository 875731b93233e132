from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_a_project_is_copied_and_carries_the_name_of_its_directory(command: Command, tmp_path: Path) -> None:
    done = command("init", "control-service", "services/orders_control")

    assert (done.status, done.errors) == (0, "")
    first, second, *steps = done.output.splitlines()
    assert first.startswith("services/orders_control has ")
    assert first.endswith(" files, for the stack orders-control.")
    assert second == "README.md says what they are. Next, in that directory:"
    assert steps == [
        "  test         pip install -r requirements-dev.txt && python -m pytest",
        "  beside it    powertools-stream init event-hub ../event-hub",
        "  run locally  powertools-stream local ../event-hub . --send orders.jsonl --to Bus --once",
        "  deploy       sam build && sam deploy",
    ]
    copy = tmp_path / "services" / "orders_control"
    assert 'stack_name = "orders-control"\n' in (copy / "samconfig.toml").read_text()
    assert (copy / "src" / "listener_rules.py").is_file()
    assert not list(copy.rglob("__pycache__"))


def test_a_neighbour_that_is_there_is_not_made_again(command: Command, tmp_path: Path) -> None:
    (tmp_path / "event-hub").mkdir()

    assert "beside it" not in command("init", "control-service").output


def test_an_empty_directory_will_do_and_json_is_one_document(command: Command, tmp_path: Path) -> None:
    done = command("init", "control-service", ".", "--json")

    document = json.loads(done.output)
    assert (document["template"], document["directory"]) == ("control-service", ".")
    assert document["stack_name"].startswith("test-an-empty-directory")
    assert sorted(document["files"]) == sorted(
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()
    )
    assert document["next"]["deploy"] == "sam build && sam deploy"


def test_the_list_has_a_line_for_each_template(command: Command) -> None:
    done = command("init", "--list", environment={"COLUMNS": "200"})

    lines = done.output.splitlines()
    assert (done.status, lines[0].split()[0]) == (0, "template")
    assert "control-service      Publishes what follows" in done.output
    assert set(json.loads(command("init", "--list", "--json").output)) == {line.split()[0] for line in lines[1:]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["control-servise"], "found control-servise. Did you mean control-service?"),
        (["control-service", "full"], "found a, b, c, … in full. Name another: nothing is overwritten."),
        (["control-service", "full/a"], "found full/a: Not a directory."),
        (["control-service", "full/a/new"], "found full/a/new: Not a directory."),
    ],
)
def test_what_cannot_be_done_is_one_line(command: Command, tmp_path: Path, arguments: list[str], message: str) -> None:
    full = tmp_path / "full"
    full.mkdir()
    for name in "abcd":
        (full / name).write_text("mine")

    done = command("init", *arguments)

    assert (done.status, done.output) == (2, "")
    assert done.errors.startswith("error: Expected ")
    assert done.errors.endswith(f"{message}\n")
    assert len(done.errors.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "c", "d", "full"]


def test_a_directory_with_nothing_but_a_repository_is_empty(command: Command, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").touch()

    assert command("init", "event-hub", "new/../.").status == 0
    assert (tmp_path / "template.yaml").is_file()
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_nothing_is_left_of_a_copy_that_fails(installed: Command, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    for directory in ("services/control", "empty", "new/../empty/control"):
        done = installed("init", "control-service", directory, preexec_fn=let_no_file_be_longer_than_2_kb)

        assert done.status == 2
        assert done.errors == f"error: Expected to write a project to {directory}: File too large.\n"
        assert list(tmp_path.iterdir()) == [empty]
        assert list(empty.iterdir()) == []


def let_no_file_be_longer_than_2_kb() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
