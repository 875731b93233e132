from __future__ import annotations

import subprocess
import sys

import pytest

from powertools_stream import flavors

PRINT_MODULES = "import sys; print([name for name in sys.modules if name.startswith('powertools_stream.flavors.')])"


def modules_after(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", f"{code}; {PRINT_MODULES}"], capture_output=True, text=True, check=True)
    return run.stdout


def test_the_package_exports_what_it_says() -> None:
    assert all(callable(getattr(flavors, name)) for name in flavors.__all__)
    assert dir(flavors) == sorted(flavors.__all__)
    with pytest.raises(AttributeError):
        _ = flavors.nothing  # type: ignore[attr-defined]


def test_using_one_flavor_imports_one_flavor() -> None:
    modules = modules_after("from powertools_stream.flavors import task")

    assert "flavors.task" in modules
    assert "flavors.cdc" not in modules
    assert "flavors.materialize" not in modules


def test_importing_a_flavors_module_does_not_hide_the_flavor() -> None:
    code = "from powertools_stream.flavors.cdc import CdcRule; from powertools_stream.flavors import cdc; print(cdc)"

    assert "<function cdc" in modules_after(code)


def test_flavors_import_neither_boto3_nor_jmespath_that_powertools_has_not() -> None:
    code = (
        "import sys, aws_lambda_powertools.utilities.batch; theirs = set(sys.modules); "
        "from powertools_stream.flavors import task, cdc, materialize; ours = set(sys.modules) - theirs; "
        "print('boto3' in sys.modules, *({'botocore', 'botocore.session', 'jmespath', 'difflib'} & ours))"
    )

    assert modules_after(code).startswith("False\n")
