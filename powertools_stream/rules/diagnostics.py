"""Error messages for rules: the rule, the field, what was expected, what was found, the nearest valid name.

Imported only if there is a mistake to report.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from powertools_stream.errors import RuleError
from powertools_stream.rules.ancestors import explain_field

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

__all__ = ["misspelled", "named", "nearest", "nearest_type", "rule_error", "shown"]


def rule_error(error: ValidationError, model: type[BaseModel], fields: Mapping[str, Any]) -> RuleError:
    """Turn a pydantic error about a rule into a `RuleError`, with one line per field."""
    lines: dict[str, str] = {}
    for detail in error.errors(include_url=False):
        field = str(detail["loc"][0]) if detail["loc"] else ""
        if field not in lines:
            lines[field] = _message(field, detail, model, fields)
    rule_id = fields.get("id")
    text = f"{named(fields)}: " + "\n".join(lines.values())
    return RuleError(text, rule_id if isinstance(rule_id, str) else None)


def named(fields: Mapping[str, Any]) -> str:
    """Return how a message names a rule: by its id, else by its flavor."""
    if isinstance(rule_id := fields.get("id"), str) and rule_id:
        return f"Rule {rule_id!r}"
    flavor = fields.get("flavor")
    return f"A rule of the flavor {getattr(flavor, '__name__', flavor)!r}" if flavor is not None else "A rule"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant: ``event_type`` for ``eventType``."""
    names = sorted(known)
    if (snake := _words(name, "_")) in names:
        return snake
    matches = difflib.get_close_matches(snake, names, n=1)
    return matches[0] if matches else None


def nearest_type(event_type: str, known: Iterable[str]) -> str | None:
    """Return the known event type that was probably meant: ``ticket-opened`` for ``ticket_opened``, in any spelling."""
    spelled: dict[str, str] = {}
    for name in known:
        spelled.setdefault(_words(name, "-"), name)
    matches = difflib.get_close_matches(_words(event_type, "-"), spelled, n=1)
    return spelled[matches[0]] if matches else None


def _words(name: str, separator: str) -> str:
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", separator, name)
    return re.sub(r"[-_. ]", separator, parts).lower()


def shown(value: Any) -> str:
    """Return a value as a message shows it: shortened, with its type."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    text = repr(value)
    return f"{text if len(text) <= 80 else text[:77] + '...'} ({type(value).__name__})"


def _message(field: str, detail: Any, model: type[BaseModel], fields: Mapping[str, Any]) -> str:
    if detail["type"] == "extra_forbidden":
        return f"{model.__name__} has no field {field!r}. {_instead(field, model.model_fields)}"
    description = model.model_fields[field].description if field in model.model_fields else None
    # If something is missing inside a field, such as the seconds of a rate, the field's value is invalid.
    if detail["type"] == "missing" and len(detail["loc"]) == 1:
        takes = f" It takes {description}." if description else ""
        return f"the field {field!r} is missing{misspelled(field, fields, model)}.{takes}"
    if description is None:
        return f"the field {field!r}: {detail['msg']}; got {shown(detail['input'])}."
    return f"the field {field!r} takes {description}; got {shown(fields.get(field))}."


def _instead(field: str, known: Iterable[str]) -> str:
    """Say what to write in place of a field that there is not."""
    names = list(known)
    snake = _words(field, "_")
    if snake not in names and (explained := explain_field(snake, names)):
        return explained
    if meant := nearest(field, names):
        return f"Did you mean {meant!r}?"
    return f"It has {', '.join(names)}; data of your own goes into 'params'."


def misspelled(field: str, fields: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return, in parentheses, which of the names that were given is probably a missing field; empty: none."""
    wrong = next((name for name in fields if name not in model.model_fields and nearest(name, [field])), None)
    return f" (there is {wrong!r}, which is not a field)" if wrong else ""
