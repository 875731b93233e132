"""The names of the packages: what is said of one that is not there."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from importlib import import_module

import pytest

import powertools_stream


def failed_import(statement: str) -> str:
    with pytest.raises(ImportError) as raised:
        exec(statement, {})
    return str(raised.value)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "from powertools_stream import task",
            "It is in another package: from powertools_stream.flavors import task",
        ),
        (
            "from powertools_stream import PutObject",
            "It is in another package: from powertools_stream.requests import PutObject",
        ),
        (
            "from powertools_stream.flavors import RuleRegistry",
            "It is in another package: from powertools_stream import RuleRegistry",
        ),
        (
            "from powertools_stream.requests import SQSSource",
            "It is in another package: from powertools_stream.sources import SQSSource",
        ),
        (
            "from powertools_stream import update_expression",
            "It is in another package: from powertools_stream.expressions import update_expression",
        ),
        (
            "from powertools_stream.requests import Putobject",
            "Did you mean 'PutObject'? from powertools_stream.requests import PutObject",
        ),
        (
            "from powertools_stream import Putobject",
            "Did you mean 'PutObject'? from powertools_stream.requests import PutObject",
        ),
        (
            "from powertools_stream import RuleRegistery",
            "Did you mean 'RuleRegistry'? from powertools_stream import RuleRegistry",
        ),
        (
            "from powertools_stream import Task",
            "Did you mean 'task'? from powertools_stream.flavors import task",
        ),
    ],
)
def test_an_import_of_a_name_that_is_elsewhere_says_where(statement: str, says: str) -> None:
    message = failed_import(statement)
    package, name = statement.split()[1], statement.split()[3]

    assert message == f"cannot import {name!r} from {package!r}. {says}"


def test_a_name_without_any_like_it_is_an_import_error_as_ever() -> None:
    assert "cannot import name 'Xyzzy' from 'powertools_stream'" in failed_import("from powertools_stream import Xyzzy")


def test_a_missing_attribute_is_an_attribute_error_that_says_the_same() -> None:
    with pytest.raises(AttributeError, match=r"'powertools_stream' has no attribute 'task'\. It is in another package"):
        _ = powertools_stream.task  # type: ignore[attr-defined]

    assert not hasattr(powertools_stream, "Putobject")
    assert not hasattr(powertools_stream, "__wrapped__")
    assert not hasattr(powertools_stream, "a.b")


@pytest.mark.parametrize("module", ["sources.sqs", "sources.sns", "sources.s3", "requests.sqs", "connectors.sns"])
def test_a_module_with_the_name_of_a_flavor_is_imported_from_its_package(module: str) -> None:
    package, _, name = module.rpartition(".")
    code = f"from powertools_stream.{package} import {name}; print({name}.__name__)"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout == f"powertools_stream.{module}\n"


def test_every_public_package_is_looked_into() -> None:
    for name in powertools_stream._lazy._PUBLIC:
        assert import_module(f"powertools_stream.{name}".rstrip(".")).__all__


def test_the_version_is_that_of_the_distribution() -> None:
    assert powertools_stream.__version__ == importlib.metadata.version("powertools-stream")
