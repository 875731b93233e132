"""Prints what a clone of aws-lambda-stream in JavaScript exports and reads, as the test of its migration page has it.

python .ci/javascript_names.py ../aws-lambda-stream > tests/docs/aws_lambda_stream_javascript.json
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_javascript.language()))
SPELLED = {"cloudwatch": "CloudWatch", "dynamodb": "DynamoDB", "eventbridge": "EventBridge", "secretsmgr": "SecretsMgr"}
METRIC = re.compile(r"stream\.[a-zA-Z.]+")

# Of the objects that options are, not options.
NOT_OPTIONS = {"metrics", "xrayEnabled"}


def nodes(root: Node) -> Iterator[Node]:
    yield root
    for child in root.children:
        yield from nodes(child)


def text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


def exported(path: Path, root: Node) -> Iterator[tuple[str, list[str]]]:
    """Yield the names that a file exports, each with the options that its function takes apart."""
    for node in root.children:
        if node.type != "export_statement":
            continue
        for each in nodes(node):
            if each.type == "variable_declarator" and each.parent is not None and each.parent.parent == node:
                yield text(each.child_by_field_name("name")), sorted(options_of(each.child_by_field_name("value")))
        if node.child_by_field_name("value") is not None:
            yield default_name(path, node), sorted(options_of(node.child_by_field_name("value")))


def default_name(path: Path, node: Node) -> str:
    if path.parent.name == "connectors":
        return f"{SPELLED.get(path.stem, path.stem.capitalize())}Connector"
    return "lambdaTest" if path.stem == "lambda-test" else text(node.child_by_field_name("value"))


def options_of(function: Node | None) -> Iterator[str]:
    parameters = function.child_by_field_name("parameters") if function is not None else None
    return keys_of_pattern(parameters) if parameters is not None else iter(())


def keys_of_pattern(parameters: Node) -> Iterator[str]:
    for node in nodes(parameters):
        if node.parent is None or node.parent.type not in ("object_pattern", "object_assignment_pattern"):
            continue
        if node.type == "shorthand_property_identifier_pattern":
            yield text(node)
        elif node.type == "pair_pattern":
            yield text(node.child_by_field_name("key"))


def members(root: Node, *objects: str) -> Iterator[str]:
    for node in nodes(root):
        if node.type == "member_expression" and text(node.child_by_field_name("object")) in objects:
            yield text(node.child_by_field_name("property"))


def of_units_of_work(root: Node) -> Iterator[str]:
    """Yield the fields of units of work: what is spread from one and extended, and what is read."""
    yield from members(root, "uow")
    for node in nodes(root):
        if node.type == "object" and any(text(child) in ("...uow", "...batchUow") for child in node.named_children):
            yield from (text(child.child_by_field_name("key")) for child in node.named_children if child.type == "pair")
            yield from (text(child) for child in node.named_children if child.type == "shorthand_property_identifier")


def of_rows(root: Node) -> Iterator[str]:
    for node in nodes(root):
        if node.type == "pair" and text(node.child_by_field_name("key")) == "Item":
            value = node.child_by_field_name("value")
            yield from (text(each.child_by_field_name("key")) for each in (value.named_children if value else []))


def methods(root: Node) -> Iterator[str]:
    for node in nodes(root):
        if node.type == "method_definition" and not text(node).startswith("static"):
            name = text(node.child_by_field_name("name"))
            if not name.startswith("_") and name != "constructor":
                yield name


def options_of_constructors(root: Node) -> Iterator[str]:
    for node in nodes(root):
        if node.type == "method_definition" and text(node.child_by_field_name("name")) == "constructor":
            yield from options_of(node)


def main() -> None:
    source = Path(sys.argv[1]) / "src"
    files = {path: PARSER.parse(path.read_bytes()).root_node for path in sorted(source.rglob("*.js"))}
    of = {path: path.parent.name for path in files}
    exports: dict[str, list[str]] = {}
    options: set[str] = set()
    for path, root in files.items():
        for name, taken in exported(path, root):
            exports.setdefault(of[path], []).append(name)
            options |= set(taken)
        options |= set(options_of_constructors(root)) if of[path] == "connectors" else set()
    everything = list(files.values())
    connectors = [root for path, root in files.items() if of[path] == "connectors"]
    flavors = [root for path, root in files.items() if of[path] == "flavors"]
    known = {
        "exports": {folder: sorted(set(names)) for folder, names in sorted(exports.items())},
        "options": sorted(
            {*options, *(name for root in everything for name in members(root, "opt", "rule"))} - NOT_OPTIONS
        ),
        "methods": sorted({name for root in connectors for name in methods(root)}),
        "environment": sorted({name for root in everything for name in members(root, "process.env")}),
        "fields": sorted({name for root in everything for name in of_units_of_work(root) if name.isidentifier()}),
        "rows": sorted({name for root in flavors for name in of_rows(root) if name}),
        "metrics": sorted({found for root in everything for found in METRIC.findall(text(root)) if found[-1] != "."}),
    }
    print(json.dumps(known, indent=2))


if __name__ == "__main__":
    main()
