from __future__ import annotations

import ast

import pytest

from powertools_stream.cli.imports import module_of


@pytest.mark.parametrize(
    ("statement", "package", "module"),
    [
        ("from shop import charge", "orders", "shop"),
        ("from . import charge", "orders", "orders"),
        ("from .payments import charge", "orders.rules", "orders.rules.payments"),
        ("from ..payments import charge", "orders.rules", "orders.payments"),
        ("from ...payments import charge", "orders", "payments"),
        ("from .payments import charge", "", "payments"),
    ],
)
def test_the_module_that_a_statement_imports_from(statement: str, package: str, module: str) -> None:
    (node,) = ast.parse(statement).body
    assert isinstance(node, ast.ImportFrom)
    assert module_of(node, package) == module
