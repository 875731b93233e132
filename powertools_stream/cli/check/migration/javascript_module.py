"""Reads a module in JavaScript: its rules, and the names of aws-lambda-stream that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from powertools_stream.cli.check.migration.found import FoundModule, FoundName, FoundRule, FoundValue, Place
from powertools_stream.cli.check.migration.javascript_names import LIBRARY
from powertools_stream.cli.status import CannotRunError

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["read_javascript"]

_SPELLED: Mapping[str, str] = {
    "cloudwatch": "CloudWatch",
    "dynamodb": "DynamoDB",
    "eventbridge": "EventBridge",
    "secretsmgr": "SecretsMgr",
}

_STREAMS = ("s", "stream", "source", "head")
_STEPS = ("filter", "map", "through", "tap", "flatMap", "consume", "batch")
_FUNCTIONS = ("arrow_function", "function_expression", "function_declaration", "method_definition")


def read_javascript(path: Path) -> FoundModule:
    """Return what a module holds.

    Raises
    ------
    CannotRunError
        The parser is not installed, or the module is not JavaScript.
    """
    root = _parsed(path)
    nodes = list(_all(root))
    names = [found for node in nodes for found in _imported(node)]
    bound = {local: found for node in nodes for local, found in _bound(node)}
    variables = {name: value for node in nodes for name, value in _variable(node)}
    return FoundModule(
        names=names,
        rules=[
            _rule(node, fields, bound, variables)
            for node in nodes
            if (fields := _fields(node, variables)) and "id" in fields and fields.keys() & {"flavor", "pattern"}
        ],
        flavors=[
            FoundName(_place(value), "", name) for name, value in variables.items() if _is_made_of_operators(value)
        ],
    )


def _parsed(path: Path) -> Node:
    try:
        import tree_sitter_javascript
        from tree_sitter import Language, Parser
    except ImportError as error:
        raise CannotRunError(
            f"Expected a parser for JavaScript to read {path}, found none. Install it: pip install "
            "'powertools-stream[migrate]'."
        ) from error
    root = Parser(Language(tree_sitter_javascript.language())).parse(path.read_bytes()).root_node
    if root.has_error:
        wrong = next((node for node in _all(root) if node.is_error or node.is_missing), root)
        raise CannotRunError(f"Expected JavaScript in {path}, found something else in line {_place(wrong).line}.")
    return root


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def _text(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def _string(node: Node | None) -> str | None:
    return _text(node)[1:-1] if node is not None and node.type in ("string", "template_string") else None


def _place(node: Node) -> Place:
    return Place(node.start_point[0] + 1, node.start_point[1] + 1)


def _imported(node: Node) -> Iterator[FoundName]:
    yield from (found for _, found in _bound(node))


def _bound(node: Node) -> Iterator[tuple[str, FoundName]]:
    """Yield what a statement imports of the library, under the name that it has in the module."""
    if node.type == "import_statement":
        source, found = _string(node.child_by_field_name("source")) or "", list(_all(node))
        default = [each for each in found if each.type == "identifier" and _parent(each) == "import_clause"]
        pairs = [(each, *_both(each, "name", "alias")) for each in found if each.type == "import_specifier"]
    elif node.type == "variable_declarator":
        source, pattern = _required(node.child_by_field_name("value")), node.child_by_field_name("name")
        found = [] if pattern is None else list(_all(pattern))
        default = [each for each in found if each.type == "identifier" and each == pattern]
        pairs = [(each, _text(each), "") for each in found if each.type == "shorthand_property_identifier_pattern"]
        pairs += [(each, *_both(each, "key", "value")) for each in found if each.type == "pair_pattern"]
    else:
        return
    if source == LIBRARY or source.startswith(f"{LIBRARY}/"):
        for each in default:
            yield _text(each), FoundName(_place(each), source, _default_of(source))
        for each, name, alias in pairs:
            yield alias or name, FoundName(_place(each), source, name)


def _parent(node: Node) -> str:
    return "" if node.parent is None else node.parent.type


def _both(node: Node, *names: str) -> tuple[str, str]:
    first, second = (_text(node.child_by_field_name(name)) for name in names)
    return first, second


def _required(node: Node | None) -> str:
    """Return what `require(…)` names; empty: it is something else."""
    if node is None or node.type != "call_expression" or _text(node.child_by_field_name("function")) != "require":
        return ""
    arguments = node.child_by_field_name("arguments")
    return "" if arguments is None or not arguments.named_children else _string(arguments.named_children[0]) or ""


def _default_of(source: str) -> str:
    """Return what a module of connectors exports by default: ``…/connectors/dynamodb``, ``DynamoDBConnector``."""
    folder, _, name = source.rpartition("/")
    if not folder.endswith("connectors"):
        return ""
    special = {
        "cloudwatch": "CloudWatch",
        "dynamodb": "DynamoDB",
        "eventbridge": "EventBridge",
        "secretsmgr": "SecretsMgr",
    }
    return f"{special.get(name, name.capitalize())}Connector"


def _variable(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield what a name of the module stands for."""
    if node.type == "variable_declarator":
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and name.type == "identifier" and value is not None:
            yield _text(name), value
    elif node.type == "function_declaration":
        yield _text(node.child_by_field_name("name")), node


def _fields(node: Node, variables: Mapping[str, Node]) -> dict[str, tuple[Place, Node]]:
    """Return the fields of an object, those of an object that it spreads included."""
    fields: dict[str, tuple[Place, Node]] = {}
    if node.type != "object":
        return fields
    for child in node.named_children:
        if child.type == "pair":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is not None and value is not None:
                fields[_string(key) or _text(key)] = (_place(key), value)
        elif child.type == "method_definition":
            fields[_text(child.child_by_field_name("name"))] = (_place(child), child)
        elif child.type == "shorthand_property_identifier":
            fields[_text(child)] = (_place(child), child)
        elif child.type == "spread_element":
            spread = variables.get(_text(child.named_children[0]), node)
            fields.update(_fields(spread, variables) if spread is not node else {})
    return fields


def _rule(
    node: Node,
    fields: Mapping[str, tuple[Place, Node]],
    bound: Mapping[str, FoundName],
    variables: Mapping[str, Node],
) -> FoundRule:
    place, flavor = fields.get("flavor") or fields["pattern"]
    name = re.match(r"[\w$]*", _text(flavor))
    local = name[0] if name else ""
    found = bound.get(local, FoundName(place, "", local))
    return FoundRule(
        _place(node),
        _string(fields["id"][1]) or _text(fields["id"][1]),
        FoundName(place, found.module, found.name),
        {key: _value(at, value, variables) for key, (at, value) in fields.items()},
        is_whole=all(_text(each.named_children[0]) in variables for each in _spread(node)),
    )


def _spread(node: Node) -> list[Node]:
    return [each for each in node.named_children if each.type == "spread_element"]


def _value(place: Place, value: Node, variables: Mapping[str, Node]) -> FoundValue:
    shown = variables.get(_text(value), value) if "identifier" in value.type else value
    if shown.type in _FUNCTIONS:
        return FoundValue(place, parameters=_parameters(shown))
    names = tuple(_fields(shown, variables)) if shown.type == "object" else ()
    return FoundValue(place, text=_string(value), names=names, is_true=value.type == "true")


def _parameters(function: Node) -> tuple[str, ...]:
    alone = function.child_by_field_name("parameter")
    if alone is not None:
        return (_text(alone),)
    parameters = function.child_by_field_name("parameters")
    return () if parameters is None else tuple(map(_text, parameters.named_children))


def _is_made_of_operators(value: Node) -> bool:
    """Tell whether a function returns one of a stream: ``(rule) => (s) => s.filter(…)``."""
    if value.type not in _FUNCTIONS or len(_parameters(value)) != 1:
        return False
    inner = (node for node in _all(value) if node.type in _FUNCTIONS and node != value)
    return any(_pipes(each) for each in inner)


def _pipes(function: Node) -> bool:
    """Tell whether a function of a stream goes on from it."""
    parameters, body = _parameters(function), function.child_by_field_name("body")
    if len(parameters) != 1 or parameters[0] not in _STREAMS or body is None:
        return False
    members = (node for node in _all(body) if node.type == "member_expression")
    return any((parameters[0], step) == _both(node, "object", "property") for node in members for step in _STEPS)
