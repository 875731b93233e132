from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from powertools_stream.cli.status import CannotRunError
from powertools_stream.cli.targets import load_registries

MODULE = """
from powertools_stream import RuleRegistry
rules = RuleRegistry()
others = RuleRegistry()
number = 5
"""


READING = """
import os
from powertools_stream.flavors import task
from shop_of_targets.shared import rules

@rules.register(task)
def keep(uow): ...

table = os.environ["TABLE_OF_TARGETS"]
bucket = os.environ["BUCKET_OF_TARGETS"]
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    package = tmp_path / "shop_of_targets"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "listener.py").write_text(MODULE)
    (package / "empty.py").write_text("")
    (package / "broken.py").write_text("import sys\nraise RuntimeError('no\\nTABLE')")
    (package / "slips.py").write_text("\ndef (")
    (package / "mistaken.py").write_text(f"{MODULE}RuleRegistry([{{}}])")
    (package / "shared.py").write_text(MODULE)
    (package / "reading.py").write_text(READING)
    (package / "ends.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield package
    for name in [name for name in sys.modules if name.startswith("shop_of_targets")]:
        del sys.modules[name]


@pytest.mark.parametrize("target", ["shop_of_targets.listener", "shop_of_targets/listener.py"])
def test_a_module_or_a_file_stands_for_all_of_its_registries(target: str) -> None:
    names = [each.name for each in load_registries(target)]
    assert names == ["shop_of_targets.listener:rules", "shop_of_targets.listener:others"]


@pytest.mark.parametrize("target", ["shop_of_targets.listener:others", "shop_of_targets/listener.py:others"])
def test_one_registry_is_named_after_a_colon(target: str) -> None:
    assert [each.name for each in load_registries(target)] == ["shop_of_targets.listener:others"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere_at_all", "Expected a module nowhere_at_all, found none in"),
        ("nowhere.py", "Expected a Python file, found none at nowhere.py."),
        ("shop_of_targets.empty", "Expected a RuleRegistry in shop_of_targets.empty, found none."),
        ("shop_of_targets.listener:number", "Expected a RuleRegistry in shop_of_targets.listener:number, found int."),
        ("shop_of_targets.listener:nothing", "found no such name"),
        ("shop_of_targets.broken", "Cannot import shop_of_targets.broken: RuntimeError"),
        ("shop_of_targets.slips", "SyntaxError: invalid syntax ("),
        ("shop_of_targets.ends", "Cannot import shop_of_targets.ends: SystemExit: 3"),
        ("shop_of_targets.absent", "Cannot import shop_of_targets.absent: ModuleNotFoundError"),
    ],
)
def test_a_target_that_cannot_be_had(target: str, says: str) -> None:
    with pytest.raises(CannotRunError) as raised:
        load_registries(target)
    assert says in str(raised.value)


@pytest.mark.parametrize(("name", "line"), [("broken", 2), ("slips", 2), ("mistaken", 6), ("ends", 1)])
def test_an_error_is_placed_in_the_users_own_code(shop: Path, name: str, line: int) -> None:
    with pytest.raises(CannotRunError) as raised:
        load_registries(f"shop_of_targets.{name}")
    assert str(raised.value).endswith(f" ({shop / name}.py:{line}).")


def test_a_variable_that_is_read_on_import_stands_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TABLE_OF_TARGETS", "BUCKET_OF_TARGETS"):
        monkeypatch.setenv(name, "")  # so that it is gone after the test
        monkeypatch.delenv(name)
    [found] = load_registries("shop_of_targets.reading:rules")
    module = sys.modules["shop_of_targets.reading"]
    assert (module.table, module.bucket) == ("${TABLE_OF_TARGETS}", "${BUCKET_OF_TARGETS}")
    assert [rule.id for rule in found.registry] == ["keep"]
