"""What to change in a module: everything that is found, in the order of the module."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from powertools_stream.cli.check.migration.batch_processors import changes_of_handlers
from powertools_stream.cli.check.migration.fields import (
    changes_of_fields,
    differences,
    in_snake_case,
    is_own_flavor,
)
from powertools_stream.cli.check.migration.found import Change, FoundModule, FoundName, FoundRule
from powertools_stream.cli.check.migration.javascript_module import read_javascript
from powertools_stream.cli.check.migration.javascript_names import JAVASCRIPT
from powertools_stream.cli.check.migration.python_module import read_python
from powertools_stream.cli.check.migration.python_names import PACKAGE, PYTHON
from powertools_stream.cli.check.migration.successor import Successor
from powertools_stream.cli.status import CannotRunError

__all__ = ["changes_in", "path_of"]

_JAVASCRIPT = (".js", ".mjs", ".cjs", ".jsx")
_OURS = "powertools_stream"

_OPTIONS: Mapping[str, str] = {
    "pk_fn": "`source=DynamoDBSource(pk=…)` of the processor; without it, the only key, or the one named `pk`.",
    "sk_fn": "`source=DynamoDBSource(sk=…)` of the processor.",
    "discriminator_fn": "`source=DynamoDBSource(discriminator=…)` of the processor.",
    "event_type_prefix": "`source=DynamoDBSource(event_type_prefix=…)` of the processor.",
}

_OF_OPERATORS = (
    "A flavor is a function of `(uow, rule)` that yields requests and returns the unit of work; "
    "what it filters by type or content, the rule does."
)

_RENAMED_FLAVORS: Mapping[str, str] = {"materialize_s3": "s3"}

_WHOLE = Successor("import the names themselves", "What takes the place of each is told then.")
_UNKNOWN = Successor("none of the names of the version that is known here")


def path_of(module: str) -> Path:
    """Return the file of a module: ``listener.py``, ``src/index.js``, ``orders.listener``.

    Raises
    ------
    CannotRunError
        There is none.
    """
    path = Path(module)
    if path.suffix in (".py", *_JAVASCRIPT):
        candidates = [path]
    else:
        base = Path(*module.split("."))
        candidates = [base.with_name(f"{base.name}.py"), base / "__init__.py"]
    found = next((each for each in candidates if each.is_file()), None)
    if found is None:
        raise CannotRunError(f"Expected a module in Python or JavaScript, found none at {candidates[0]}.")
    return found


def changes_in(path: Path) -> list[Change]:
    """Return what to change in a module, in its order.

    Raises
    ------
    CannotRunError
        It cannot be read.
    """
    changes = _in_javascript(path) if path.suffix in _JAVASCRIPT else _in_python(path)
    return sorted(set(changes))


def _in_python(path: Path) -> Iterator[Change]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (SyntaxError, ValueError) as error:
        raise CannotRunError(f"Expected Python in {path}, found something else: {error}.") from error
    found = read_python(tree)
    yield from (_change_of_name(name, _successor(name)) for name in found.names)
    yield from (
        Change(each.place, each.module, each.name, _OPTIONS.get(each.name, "There is no such option."))
        for each in found.options
    )
    yield from _own_flavors(found)
    for rule in found.rules:
        yield from _of_python_rule(rule)
    yield from changes_of_handlers(tree)


def _change_of_name(found: FoundName, successor: Successor) -> Change:
    return Change(found.place, found.name or found.module, "", successor.advice)


def _successor(found: FoundName) -> Successor:
    if found.name == "*":
        return Successor("name what is imported", "What takes the place of each name is told then.")
    names = PYTHON.get(found.module, {})
    if found.name in names:
        return names[found.name]
    if f"{found.module}.{found.name}" in PYTHON or not names:
        return _WHOLE
    return _UNKNOWN


def _own_flavors(found: FoundModule) -> Iterator[Change]:
    yield from (Change(each.place, each.name, "flavor", _OF_OPERATORS) for each in found.flavors)


def _of_python_rule(rule: FoundRule) -> Iterator[Change]:
    flavor = rule.flavor.name
    is_theirs = rule.flavor.module.startswith(f"{PACKAGE}.")
    if not is_own_flavor(flavor) or not (is_theirs or rule.flavor.module.startswith(_OURS)):
        return
    yield from changes_of_fields(rule, flavor)
    if is_theirs:
        yield from differences(rule, flavor, latched=True)


def _in_javascript(path: Path) -> Iterator[Change]:
    found = read_javascript(path)
    names = {name: successor for group in JAVASCRIPT.values() for name, successor in group.items()}
    yield from (_change_of_name(each, names.get(each.name, _UNKNOWN if each.name else _WHOLE)) for each in found.names)
    yield from _own_flavors(found)
    for rule in found.rules:
        yield from _of_javascript_rule(rule)


def _of_javascript_rule(rule: FoundRule) -> Iterator[Change]:
    flavor = _flavor_of(rule)
    # What is missing may have another name there, which is told.
    fields = {in_snake_case(name): value for name, value in rule.fields.items()}
    spelled = replace(rule, fields=fields)
    if not is_own_flavor(flavor):
        if rule.flavor.module:
            yield Change(rule.place, rule.id, "flavor", f"There is no flavor for {rule.flavor.name}: write a `task`.")
        return
    yield Change(
        rule.place, rule.id, "flavor", f"A rule in Python with the flavor `{flavor}`, its fields in snake case."
    )
    yield from changes_of_fields(replace(spelled, is_whole=False), flavor)
    yield from _of_javascript_values(spelled)
    yield from differences(spelled, flavor)


def _flavor_of(rule: FoundRule) -> str:
    name = in_snake_case(rule.flavor.name)
    if name == "send_messages":
        return "sns" if rule.fields.keys() & {"sns", "topicArn"} else "sqs"
    return _RENAMED_FLAVORS.get(name, name)


def _of_javascript_values(rule: FoundRule) -> Iterator[Change]:
    """Yield what fields with the same name hold otherwise."""
    for name, value in rule.fields.items():
        if name == "event_type" and value.parameters and value.parameters[0] != "uow":
            yield Change(value.place, rule.id, name, "A function gets the unit of work: `lambda uow: …`, not the type.")
        elif name == "compact" and value.names:
            yield Change(
                value.place,
                rule.id,
                name,
                "`{'group_key': …, 'sort_key': …}`: paths, or functions of the unit of work.",
            )
        elif name == "rate":
            yield Change(value.place, rule.id, name, "`(num, ms / 1000)`: calls, and seconds.")
