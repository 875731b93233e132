"""What to change in a handler for Powertools' `BatchProcessor`: the processor, then the branches of the handler."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from powertools_stream.cli.check.migration.found import Change
from powertools_stream.cli.check.migration.python_module import Imports, imports_of, place_of

__all__ = ["changes_of_handlers"]

_PACKAGE = "aws_lambda_powertools.utilities.batch"
_PROCESSORS = ("BatchProcessor", "AsyncBatchProcessor", "SqsFifoPartialProcessor")
_RUNNERS = ("process_partial_response", "async_process_partial_response", "batch_processor", "async_batch_processor")
_NOT_CALLED = ("_process_record", "_async_process_record")
_TYPE = re.compile(r".*type", re.IGNORECASE)
_OUR_TYPES = ("type", "detail-type")
"""The fields of a payload that make the type of its event."""


def changes_of_handlers(tree: ast.Module) -> Iterator[Change]:
    """Yield what to change in a module that processes batches with Powertools."""
    imports = imports_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
            yield from _imports(node)
        elif isinstance(node, ast.Call) and (name := _name(node.func, imports)) in _PROCESSORS:
            yield Change(place_of(node), name, "", f"Write `{_processor(node, name)}`.")
        elif isinstance(node, ast.ClassDef):
            yield from _bases(node, imports)
    yield from _branches(tree, imports)


def _name(node: ast.expr, imports: Imports) -> str:
    """Return the name that something has in Powertools' batch utility; empty: it is not from there."""
    if isinstance(node, ast.Name):
        module, name = imports.get(node.id, ("", ""))
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module, name = ".".join(filter(None, imports.get(node.value.id, ("", "")))), node.attr
    else:
        return ""
    return name if module.startswith(_PACKAGE) else ""


def _imports(node: ast.ImportFrom) -> Iterator[Change]:
    for each in node.names:
        if each.name in _PROCESSORS:
            yield Change(place_of(each), each.name, "", "Import `StreamProcessor` from `powertools_stream`.")


def _processor(node: ast.Call, name: str) -> str:
    """Return the call that makes the processor here."""
    arguments = [ast.unparse(each) for each in (*node.args, *node.keywords)]
    if name == "SqsFifoPartialProcessor":
        arguments = ["EventType.SQS", *_of_fifo(node)]
    return f"StreamProcessor({', '.join(arguments)})"


def _of_fifo(node: ast.Call) -> Iterator[str]:
    """Yield the arguments of a processor for FIFO queues, where the group is skipped unless told otherwise."""
    given = {each.arg: ast.unparse(each.value) for each in node.keywords if each.arg}
    given.update(zip(("model", "skip_group_on_error"), map(ast.unparse, node.args), strict=False))
    skips = given.pop("skip_group_on_error", "False")
    if skips != "True":
        given["skip_group_on_error"] = skips
    yield from (f"{name}={value}" for name, value in given.items())


def _bases(node: ast.ClassDef, imports: Imports) -> Iterator[Change]:
    for base in node.bases:
        if (name := _name(base, imports)) in _PROCESSORS:
            yield Change(place_of(base), node.name, name, "Derive it from `StreamProcessor`.")
            yield from _overridden(node)


def _overridden(node: ast.ClassDef) -> Iterator[Change]:
    """Yield the methods of a processor that nobody calls here."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name in _NOT_CALLED:
            yield Change(place_of(each), node.name, each.name, "It is not called: move it into the record handler.")


def _branches(tree: ast.Module, imports: Imports) -> Iterator[Change]:
    """Yield a rule for each branch of a record handler that asks for the type of the record."""
    handlers = set(_record_handlers(tree, imports))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in handlers:
            for place, field, value in _tests_of(node.body):
                rule_id = re.sub(r"\W+", "_", value).strip("_").lower()
                says = f"event_type={value!r}" if field in _OUR_TYPES else f"event_pattern={{{field!r}: [{value!r}]}}"
                yield Change(
                    place_of(place), node.name, rule_id, f"This branch may be a rule: `@rules.register(task, {says})`."
                )


def _record_handlers(tree: ast.Module, imports: Imports) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func, imports) in _RUNNERS:
            # Of both functions and both decorators, `record_handler` is the first argument after the event.
            given = [each.value for each in node.keywords if each.arg == "record_handler"] or node.args[:2]
            yield from (each.id for each in given if isinstance(each, ast.Name))


def _tests_of(body: list[ast.stmt]) -> Iterator[tuple[ast.expr | ast.stmt, str, str]]:
    """Yield where a function compares the type of a record, the field, and the type; nested functions left out."""
    for statement in body:
        if isinstance(statement, ast.If):
            yield from _compared(statement.test)
            yield from _tests_of(statement.orelse)
        elif isinstance(statement, ast.Match):
            yield from _cases(statement)
        elif isinstance(statement, ast.Try | ast.With):
            yield from _tests_of(statement.body)


def _compared(test: ast.expr) -> Iterator[tuple[ast.expr, str, str]]:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.In)):
        return
    field = _field(test.left)
    for value in ast.walk(test.comparators[0]):
        if field and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield test, field, value.value


def _cases(statement: ast.Match) -> Iterator[tuple[ast.expr, str, str]]:
    field = _field(statement.subject)
    for case in statement.cases:
        for value in ast.walk(case.pattern):
            # A value of a pattern is a constant, or the name of one.
            if field and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value, field, value.value


def _field(node: ast.expr) -> str:
    """Return the field that an expression reads, if it is one that says a type: ``payload["type"]``, ``type_``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        key: ast.expr | None = node.args[0]
    else:
        key = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(key, ast.Constant) and isinstance(key.value, str) and _TYPE.fullmatch(key.value):
        return key.value
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return "type" if name in ("type", "type_", "event_type", "detail_type") else ""
    return ""
