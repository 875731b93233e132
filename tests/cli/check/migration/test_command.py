from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

RULES = """\
from aws_lambda_stream.flavors.collect import collect

rules = [
    {"id": "collect-orders", "flavor": collect, "event_type": "order-created", "default_ttl": 11},
]
"""
SHOWN = """\
rules.py:1:47 collect → from powertools_stream.flavors import collect. A rule for it may stay as
    it is.
rules.py:4:80 collect-orders.default_ttl → It is called 'ttl' here.
2 things to change in rules.py.
"""


def test_what_a_person_sees(command: Command, tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text(RULES)

    done = command("check", "--migrate", "rules.py")

    assert (done.status, done.output, done.errors) == (1, SHOWN, "")


def test_a_module_is_found_by_its_name_and_read_without_being_imported(command: Command, tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "listener.py").write_text("raise SystemExit(3)\n")

    done = command("check", "--migrate", "orders.listener")

    assert (done.status, done.output) == (0, "Nothing to change in orders/listener.py.\n")


def test_one_document_for_machines_about_all_modules(command: Command, tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(RULES)

    done = command("check", "--json", "--migrate", "a.py", "--migrate", "b.py")

    document = json.loads(done.output)
    assert done.status == 1
    assert document["modules"] == ["a.py", "b.py"]
    assert document["changes"][3] == {
        "file": "b.py",
        "line": 4,
        "column": 80,
        "subject": "collect-orders",
        "field": "default_ttl",
        "advice": "It is called 'ttl' here.",
    }


def test_what_cannot_be_read_is_said(command: Command, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:\n")

    for arguments, wanted in (
        (["broken.py"], "Expected Python in broken.py, found something else"),
        (["nowhere.py"], "Expected a module in Python or JavaScript, found none at nowhere.py."),
        (["broken.py", "--all"], "Expected --migrate alone or with --json"),
    ):
        done = command("check", "--migrate", *arguments)

        assert (done.status, done.output) == (2, "")
        assert wanted in done.errors
