"""Reads a module in Python: its rules, and the names of aws-lambda-stream that it uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from powertools_stream.cli.check.migration.found import FoundModule, FoundName, FoundRule, FoundValue, Place
from powertools_stream.cli.check.migration.python_names import PACKAGE

__all__ = ["Imports", "imports_of", "place_of", "read_python"]

Imports = Mapping[str, tuple[str, str]]
"""What names stand for: the module, and the name in it, which is empty for the module itself."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def read_python(tree: ast.Module) -> FoundModule:
    """Return what a module holds."""
    imports = imports_of(tree)
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    dicts = dict(_dicts_with_names(tree))
    return FoundModule(
        names=[*_imported(tree), *_used_of_modules(tree, imports)],
        rules=[
            _rule(node, fields, imports, functions, is_whole=_is_whole(node, dicts))
            for node in ast.walk(tree)
            if (fields := _fields(node, dicts)).keys() >= {"id", "flavor"}
        ],
        flavors=[
            FoundName(place_of(node), "", name) for name, node in functions.items() if _is_made_of_operators(node)
        ],
        options=list(_options(tree, imports)),
    )


def place_of(node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> Place:
    """Return where a node begins."""
    return Place(node.lineno, node.col_offset + 1)


def imports_of(tree: ast.Module) -> Imports:
    """Return what the names that a module imports stand for, wherever it imports them."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.update({each.asname or each.name: (node.module, each.name) for each in node.names})
        elif isinstance(node, ast.Import):
            found.update({_bound(each): (each.name if each.asname else _bound(each), "") for each in node.names})
    return found


def _bound(imported: ast.alias) -> str:
    """Return the name that `import a.b`, or `import a.b as c`, binds."""
    return imported.asname or imported.name.partition(".")[0]


def _is_theirs(module: str) -> bool:
    return module == PACKAGE or module.startswith(f"{PACKAGE}.")


def _imported(tree: ast.Module) -> Iterator[FoundName]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module and _is_theirs(node.module):
            for each in node.names:
                yield FoundName(place_of(each), node.module, each.name)


def _used_of_modules(tree: ast.Module, imports: Imports) -> Iterator[FoundName]:
    """Yield what is used of modules that are imported as a whole: `dynamodb.update_expression(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            module, name = _origin(node, imports)
            if name and _is_theirs(module) and not _is_import_from(node, imports):
                yield FoundName(place_of(node), module, name)


def _is_import_from(node: ast.expr, imports: Imports) -> bool:
    """Tell whether what an expression begins with is no module: `from … import Connector; Connector.client`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and bool(imports.get(node.id, ("", ""))[1])


def _origin(node: ast.expr, imports: Imports) -> tuple[str, str]:
    """Return the module and the name in it that an expression stands for; both empty: nobody can tell."""
    if isinstance(node, ast.Name):
        return imports.get(node.id, ("", node.id))
    if not isinstance(node, ast.Attribute):
        return "", ""
    module, name = _origin(node.value, imports)
    if not module:
        return "", ""
    return (f"{module}.{name}" if name else module, node.attr)


def _dicts_with_names(tree: ast.Module) -> Iterator[tuple[str, ast.Dict]]:
    for node in ast.walk(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Dict):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))


def _fields(node: ast.AST, dicts: Mapping[str, ast.Dict]) -> dict[str, tuple[Place, ast.expr]]:
    """Return the fields of a dict, however it is written, those of a dict that it spreads included."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return {each.arg: (place_of(each), each.value) for each in node.keywords if each.arg}
    if not isinstance(node, ast.Dict):
        return {}
    fields: dict[str, tuple[Place, ast.expr]] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None and isinstance(value, ast.Name) and dicts.get(value.id, node) is not node:
            fields.update(_fields(dicts[value.id], dicts))
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            fields[key.value] = (place_of(key), value)
    return fields


def _is_whole(node: ast.AST, dicts: Mapping[str, ast.Dict]) -> bool:
    """Tell whether the fields of a dict are all in sight."""
    if isinstance(node, ast.Call):
        return not node.args and all(each.arg for each in node.keywords)
    if not isinstance(node, ast.Dict):
        return False
    spread = (value for key, value in zip(node.keys, node.values, strict=True) if key is None)
    return all(isinstance(each, ast.Name) and each.id in dicts for each in spread)


def _rule(
    node: ast.AST,
    fields: Mapping[str, tuple[Place, ast.expr]],
    imports: Imports,
    functions: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef],
    *,
    is_whole: bool,
) -> FoundRule:
    assert isinstance(node, ast.Dict | ast.Call)
    flavor_place, flavor = fields["flavor"]
    rule_id = fields["id"][1]
    return FoundRule(
        place_of(node),
        rule_id.value if isinstance(rule_id, ast.Constant) and isinstance(rule_id.value, str) else ast.unparse(rule_id),
        FoundName(flavor_place, *_origin(flavor, imports)),
        {name: _value(place, value, functions) for name, (place, value) in fields.items()},
        is_whole,
    )


def _value(
    place: Place, value: ast.expr, functions: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]
) -> FoundValue:
    if isinstance(value, ast.Constant):
        return FoundValue(
            place, text=value.value if isinstance(value.value, str) else None, is_true=value.value is True
        )
    function = functions.get(value.id) if isinstance(value, ast.Name) else value
    if isinstance(function, _FUNCTIONS):
        return FoundValue(place, parameters=tuple(each.arg for each in function.args.args))
    return FoundValue(place)


def _is_made_of_operators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a function of a rule returns one that pipes its source through operators."""
    inner = (node for node in ast.walk(function) if isinstance(node, _FUNCTIONS) and node is not function)
    return len(function.args.args) == 1 and any(map(_pipes, inner))


def _pipes(function: ast.AST) -> bool:
    assert isinstance(function, _FUNCTIONS)
    parameters = {each.arg for each in function.args.args}
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "pipe"
        and isinstance(node.value, ast.Name)
        and node.value.id in parameters
        for node in ast.walk(function)
    )


def _options(tree: ast.Module, imports: Imports) -> Iterator[FoundName]:
    """Yield the options of sources: `from_dynamodb(event, pk_fn="id")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            module, name = _origin(node.func, imports)
            if _is_theirs(module) and name.startswith("from_"):
                yield from (FoundName(place_of(each), name, each.arg) for each in node.keywords if each.arg)
