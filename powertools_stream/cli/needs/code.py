"""Reads in the source of the user's functions which requests they make, and where they go.

A generator says only when it runs what it yields, so that its source is read: each request whose class a function names
is one that it may make. What it calls of the user's own code is read, too. What is chosen at run time only, such as a
function out of a mapping, cannot be seen.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, TypeGuard

from powertools_stream.cli.needs.constants import assigned, origin_of, target, text_of, variable
from powertools_stream.cli.needs.names import UNKNOWN, Name
from powertools_stream.cli.needs.source_files import is_own, nodes_of, plain_function
from powertools_stream.expressions import pk_condition, timestamp_condition
from powertools_stream.flavors import get_items, publish, publish_all
from powertools_stream.requests import GetItems, PutEvent, Request

__all__ = ["Made", "Reading", "read_functions"]

# The parameters of the services' APIs that say where a request goes, or in which form.
_PARAMS = (
    *("Bucket", "DeliveryStreamName", "FunctionName", "GroupName", "IndexName", "Namespace", "PhoneNumber", "QueueUrl"),
    *("RoleArn", "StreamARN", "StreamName", "TableName", "TargetArn", "TopicArn", "UUID"),
)


@dataclass(frozen=True)
class Made:
    """A request that a function makes.

    Parameters
    ----------
    kind
        Its type.
    arguments
        What is known of its arguments, and of the parameters in it, by name.
    is_plain
        Of a write, whether it is nothing but the item or its key, so that it may share a call; None: nobody knows.
    types
        Of an event that stands in the call, its type.
    """

    kind: type[Request]
    arguments: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    is_plain: bool | None = None
    types: tuple[Name, ...] = ()


@dataclass
class Reading:
    """What was found in the source of some functions.

    Parameters
    ----------
    made
        The requests.
    params
        The parameters of the services' APIs that stand in mappings: ``{"IndexName": (Name("DataIndex"),)}``.
    unread
        The functions whose source there is not.
    only_makes
        Whether all that the first function returns is a request.
    returned
        The names that functions return, of a bus, a topic or a queue.
    types
        What mappings have as their ``"type"``: types of events, where it is events that the functions make.
    latches
        Whether a mapping has ``"latched": True``.
    """

    made: list[Made] = field(default_factory=list)
    params: dict[str, tuple[Name, ...]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    only_makes: bool = False
    returned: list[Name] = field(default_factory=list)
    types: list[Name] = field(default_factory=list)
    latches: bool = False


def read_functions(*functions: Any, rule: Any = None) -> Reading:
    """Read functions, and those of the user's own that they call.

    Parameters
    ----------
    rule
        The rule that they are called with, whose fields may be among the names.
    """
    source = Reading()
    seen: set[int] = set()
    for function in functions:
        _read(function, source, seen, rule, is_first=True)
    return source


def _read(given: Any, source: Reading, seen: set[int], rule: Any, *, is_first: bool = False) -> None:
    function, owner = plain_function(given)
    if function is None or id(function) in seen or not is_own(function):
        return
    seen.add(id(function))
    nodes = nodes_of(function)
    if not nodes:
        source.unread.append(getattr(function, "__qualname__", repr(function)))
    for node in nodes:
        _Reader(source, seen, rule, _Scope.of(function, owner)).read(node, is_first=is_first)


_MISSING = object()


@dataclass
class _Scope:
    """Where the names of a function come from."""

    values: Mapping[str, Any]
    module: str
    owner: type | None
    local: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, function: FunctionType, owner: type | None) -> _Scope:
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        closed = {name: _content(cell) for name, cell in cells}
        first = function.__code__.co_varnames[:1] if owner is not None else ()
        return cls({**function.__globals__, **closed}, function.__module__, owner, dict.fromkeys(first, owner))

    def resolved(self, node: ast.AST) -> Any:
        """Return what a name stands for, as far as it is known without running anything."""
        if isinstance(node, ast.Name):
            return self.local.get(node.id, self.values.get(node.id, _MISSING))
        if not isinstance(node, ast.Attribute):
            return _MISSING
        base = self.resolved(node.value)
        if base is _MISSING:
            return _MISSING
        if isinstance(base, ModuleType | type):
            return getattr(base, node.attr, _MISSING)
        method = inspect.getattr_static(type(base), node.attr, _MISSING)
        return method if isinstance(method, FunctionType) else _MISSING


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING


class _Reader:
    def __init__(self, source: Reading, seen: set[int], rule: Any, scope: _Scope) -> None:
        self._rule = rule
        self._source = source
        self._seen = seen
        self._scope = scope
        # Nodes that were read with the one around them: classes where they are called, mappings in mappings.
        self._done: set[int] = set()
        self._inner: set[int] = set()
        self._assigned: dict[str | None, ast.expr | None] = {}

    def read(self, node: Any, *, is_first: bool) -> None:
        body = node.body if isinstance(node.body, list) else [node.body]
        nodes = [inner for statement in body for inner in ast.walk(statement)]
        self._find_assigned(nodes)
        self._import(nodes)
        for inner in nodes:
            self._read_node(inner)
        if is_first:
            self._read_returns(node, nodes)

    def _find_assigned(self, nodes: Sequence[ast.AST]) -> None:
        """Note what each name of the function's own stands for that gets a value once."""
        for node in nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for name in map(target, getattr(node, "targets", [getattr(node, "target", None)])):
                    self._assigned[name] = None if name in self._assigned else node.value

    def _import(self, nodes: Sequence[ast.AST]) -> None:
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                module = _imported(origin_of(node, self._scope.module))
                for alias in node.names:
                    self._scope.local[alias.asname or alias.name] = getattr(module, alias.name, _MISSING)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self._scope.local[name] = _imported(alias.name if alias.asname else name)

    def _read_node(self, node: ast.AST) -> None:
        called = self._scope.resolved(node.func) if isinstance(node, ast.Call) else None
        self._note_fields(node)
        if isinstance(node, ast.Call) and _is_request(called):
            arguments = self._arguments(_names_of(called), node)
            self._source.made.append(Made(called, arguments, self._is_plain(node), self._types_in(node)))
            self._done.add(id(node.func))
        elif isinstance(node, ast.Call) and isinstance(called, FunctionType) and called in _STEPS:
            kind, names = _STEPS[called]
            self._source.made.append(Made(kind, self._arguments(names, node), types=self._types_in(node)))
        elif isinstance(node, ast.Dict) and id(node) not in self._done:
            self._add_params(self._params_of(node))
            self._done.update(id(inner) for inner in ast.walk(node) if isinstance(inner, ast.Dict))
        elif isinstance(node, ast.Name | ast.Attribute) and id(node) not in self._done:
            self._read_named(self._scope.resolved(node))

    def _read_named(self, named: Any) -> None:
        if _is_request(named):
            self._source.made.append(Made(named))
        elif callable(named) and not isinstance(named, type):
            _read(named, self._source, self._seen, self._rule)

    def _note_fields(self, node: ast.AST) -> None:
        """Note what a mapping says of an event or a row: its type, and whether it is latched."""
        self._inner.update(id(inner) for _, value in _fields_of(node) for inner in ast.walk(value))
        for key, value in _fields_of(node):
            if key == "type" and id(node) not in self._inner:
                self._source.types += [name for name in self._names_in(value) if name not in self._source.types]
            elif key == "latched" and isinstance(value, ast.Constant) and value.value is True:
                self._source.latches = True

    def _types_in(self, node: ast.Call) -> tuple[Name, ...]:
        """Return the types of the events that stand in a call."""
        fields = [pair for argument in node.args for outer in _outermost(argument) for pair in _fields_of(outer)]
        return tuple(name for key, value in fields if key == "type" for name in self._names_in(value))

    def _names_in(self, node: ast.expr) -> list[Name]:
        if isinstance(node, ast.IfExp):
            return [*self._names_in(node.body), *self._names_in(node.orelse)]
        return [self._name_of(node)]

    def _arguments(self, names: Sequence[str], node: ast.Call) -> dict[str, tuple[Name, ...]]:
        """Return what is known of the arguments of a call, whose parameters have these names, in order."""
        given = {
            **dict(zip(names, node.args, strict=False)),
            **{one.arg: one.value for one in node.keywords if one.arg},
        }
        arguments: dict[str, tuple[Name, ...]] = {}
        for name, value in given.items():
            if _is_none(value) or self._field(value) is None:
                continue
            arguments.update(self._params_of(value) if isinstance(value, ast.Dict) else {name: (self._name_of(value),)})
        return arguments

    def _params_of(self, node: ast.Dict) -> dict[str, tuple[Name, ...]]:
        """Return the parameters of an API in a mapping, at any depth."""
        params: dict[str, tuple[Name, ...]] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            for name, names in self._params_in(text_of(key), value).items():
                params[name] = (*params.get(name, ()), *names)
        return params

    def _params_in(self, key: str | None, value: ast.expr) -> dict[str, tuple[Name, ...]]:
        if key == "RequestItems" and isinstance(value, ast.Dict):
            return {"TableName": tuple(self._name_of(each) for each in value.keys if each is not None)}
        if isinstance(value, ast.Dict):
            inner = self._params_of(value)
            return {key: inner["Bucket"]} if key == "CopySource" and "Bucket" in inner else inner
        if key in _PARAMS:
            return {"StreamName" if key == "StreamARN" else str(key): (self._name_of(value),)}
        return {}

    def _add_params(self, params: Mapping[str, tuple[Name, ...]]) -> None:
        for name, values in params.items():
            known = self._source.params.get(name, ())
            self._source.params[name] = tuple(dict.fromkeys((*known, *values)))

    def _read_returns(self, node: Any, nodes: Sequence[ast.AST]) -> None:
        returns = [one.value for one in nodes if isinstance(one, ast.Return)]
        values = [node.body] if isinstance(node, ast.Lambda) else [value for value in returns if not _is_none(value)]
        self._source.only_makes = bool(values) and all(
            id(getattr(value, "func", None)) in self._done for value in values
        )
        self._source.returned += [self._name_of(value) for value in values]

    def _is_plain(self, node: ast.Call) -> bool | None:
        """Tell whether a write is plain, from its literal parameters; None: it does not show."""
        params = node.args[0] if node.args else None
        if not isinstance(params, ast.Dict):
            return None
        pairs = list(zip(params.keys, params.values, strict=True))
        given = {text_of(key): value for key, value in pairs if key is not None}
        added = [value for key, value in pairs if key is None]
        if not _PLAIN.issuperset(given) or any(map(self._is_condition, added)):
            return False
        # Without a key that is known, an item is put on its own, though there is nothing else.
        item = given.get("Item")
        has_key = isinstance(item, ast.Dict) and "pk" in map(text_of, item.keys)
        is_batched = "Key" in given or has_key or any(one.arg == "key" for one in node.keywords)
        return True if is_batched and not added else None

    def _is_condition(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and self._scope.resolved(node.func) in (pk_condition, timestamp_condition)

    # -- Values --------------------------------------------------------------------------------------------------------

    def _name_of(self, node: ast.AST | None) -> Name:
        """Return what is known of a value: a text, the environment variable that holds it, or nothing."""
        if isinstance(node, ast.Constant):
            return Name(node.value) if isinstance(node.value, str) else UNKNOWN
        if isinstance(node, ast.JoinedStr):
            return self._pattern(node)
        if read := variable(node):
            return Name(variables=(read,))
        if isinstance(node, ast.Name | ast.Attribute):
            return self._named(node)
        return UNKNOWN

    def _field(self, node: ast.AST) -> Any:
        """Return what a field of the rule holds, of ``rule.table_name``; `_MISSING` of anything else."""
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name) or self._rule is None:
            return _MISSING
        return self._rule.__dict__.get(node.attr, _MISSING) if node.value.id == "rule" else _MISSING

    def _pattern(self, node: ast.JoinedStr) -> Name:
        parts = [part.value if isinstance(part, ast.Constant) else "*" for part in node.values]
        text = "".join(map(str, parts))
        return Name(text) if text.strip("*") else UNKNOWN

    def _named(self, node: ast.Name | ast.Attribute) -> Name:
        """Return what a constant of a module holds; what it was made of counts, not what is in it on this machine."""
        if isinstance(node, ast.Name) and node.id in self._assigned:
            value = self._assigned.pop(node.id)
            name = self._name_of(value)
            self._assigned[node.id] = value  # it was away, lest a name that stands for itself has no end
            return name
        if isinstance(field := self._field(node), str):
            return Name(field)
        value = self._scope.resolved(node)
        if not isinstance(value, str):
            return UNKNOWN
        if isinstance(node, ast.Name):
            return assigned(self._scope.module, node.id) or Name(value)
        base = self._scope.resolved(node.value)
        return (assigned(base.__name__, node.attr) if isinstance(base, ModuleType) else None) or Name(value)


# As the connector tells it.
_PLAIN = frozenset({"Item", "Key", "TableName"})


def _is_none(node: Any) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


# The steps for flavors of the user's own that make requests: their types, and the names of their parameters.
_STEPS: Mapping[Any, tuple[type[Request], tuple[str, ...]]] = {
    get_items: (GetItems, ("params", "table_name")),
    publish: (PutEvent, ("event", "uow", "rule")),
    publish_all: (PutEvent, ("events", "uow", "rule")),
}


def _fields_of(node: ast.AST) -> list[tuple[str | None, ast.expr]]:
    """Return the fields of a mapping that stands in the source, or what is put into one: ``event["type"] = …``."""
    if isinstance(node, ast.Dict):
        return [(text_of(key), value) for key, value in zip(node.keys, node.values, strict=True)]
    if isinstance(node, ast.Assign):
        targets = [target for target in node.targets if isinstance(target, ast.Subscript)]
        return [(text_of(target.slice), node.value) for target in targets]
    if isinstance(node, ast.Call):
        return [(one.arg, one.value) for one in node.keywords if getattr(node.func, "id", None) == "dict"]
    return []


def _outermost(node: ast.AST) -> list[ast.AST]:
    """Return the mappings that stand in an expression, without those within them."""
    if _fields_of(node):
        return [node]
    return [outer for inner in ast.iter_child_nodes(node) for outer in _outermost(inner)]


def _names_of(kind: Any) -> list[str]:
    return [one.name for one in fields(kind)] if hasattr(kind, "__dataclass_fields__") else []


def _is_request(value: Any) -> TypeGuard[type[Request]]:
    return isinstance(value, type) and issubclass(value, Request) and value is not Request


def _imported(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except Exception:  # what is missing here may be there in Lambda
        return None
