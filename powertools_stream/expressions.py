"""Pure functions that build DynamoDB's update expressions and conditions from plain items.

Every attribute name is aliased, so reserved words and names such as ``date#event_type`` are safe. A name of letters,
digits and underscores is its own alias (``#status``, ``:status``); see `alias` for the others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from powertools_stream.errors import InvalidRequestError

__all__ = ["alias", "name_of_alias", "pk_condition", "timestamp_condition", "update_expression"]

# A placeholder is `#` or `:` and letters, digits and underscores, 255 bytes at most.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_MAX_ALIAS = 254
_ESCAPED = "x_"
_PLAIN_NAME = re.compile(r"(?!x_)[A-Za-z0-9_]{1,254}", re.ASCII)
_SPECIAL = re.compile(r"[^A-Za-z0-9]")
_ESCAPE = re.compile(r"_([0-9a-f]{1,6})_")

_DELETE_SUFFIX = "_delete"


def update_expression(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of ``UpdateItem``, except for the key, that make a row look like the item.

    A value is SET, None REMOVEs the attribute, a set is ADDed to the set that the row holds, and a set under
    ``<name>_delete`` is DELETEd from the set ``<name>``. Empty sets change nothing, and are left out.

    Parameters
    ----------
    item
        Top-level attributes by name, without the table's key.

    Returns
    -------
    dict
        ``ExpressionAttributeNames``, ``ExpressionAttributeValues`` (left out if there are none),
        ``UpdateExpression`` and ``ReturnValues: "ALL_NEW"``.

    Raises
    ------
    InvalidRequestError
        The item is empty, or names an attribute twice (``tags`` and ``tags_delete``). A `ValueError` too.

    Examples
    --------
    >>> update_expression({"status": "PAID", "note": None})["UpdateExpression"]
    'SET #status = :status REMOVE #note'
    """
    if not item:
        raise InvalidRequestError("Expected an item with one attribute or more to update, but found an empty one.")
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    clauses: dict[str, list[str]] = {"SET": [], "REMOVE": [], "ADD": [], "DELETE": []}
    for field, value in item.items():
        if isinstance(value, set | frozenset) and not value:
            continue
        action, name = _action(field, value)
        if (placeholder := f"#{alias(name)}") in names:
            raise InvalidRequestError(
                f"Expected each attribute once, but found {name!r} and {name + _DELETE_SUFFIX!r}."
            )
        names[placeholder] = name
        if value is not None:
            values[f":{alias(field)}"] = value
        clauses[action].append(_clause(action, placeholder, f":{alias(field)}"))
    return _request(names, values, clauses)


def timestamp_condition(field_name: str = "timestamp") -> dict[str, str]:
    """Return the condition that the row is older than the item, or does not exist.

    It uses placeholders that `update_expression` defines, so the item must have this field:
    ``{**update_expression(item), **timestamp_condition()}``. An item with an equal timestamp does not replace the row.
    """
    name = alias(field_name)
    return {"ConditionExpression": f"attribute_not_exists(#{name}) OR #{name} < :{name}"}


def pk_condition(field_name: str = "pk") -> dict[str, str]:
    """Return the condition that no row with this key exists yet.

    ``pk`` and ``sk`` are used as they are. Any other name is aliased, since it may be a reserved word; the connector
    defines aliases that a request uses and does not define.
    """
    name = field_name if field_name in ("pk", "sk") else f"#{alias(field_name)}"
    return {"ConditionExpression": f"attribute_not_exists({name})"}


def alias(name: str) -> str:
    """Return the placeholder of an attribute name, without its ``#`` or ``:``.

    Different names never share one. A name of letters, digits and underscores stays the same; any other starts with
    ``x_`` and has each special character as ``_<code point in hex>_``.

    Examples
    --------
    >>> alias("order_id"), alias("a-b")
    ('order_id', 'x_a_2d_b')
    """
    if _PLAIN_NAME.fullmatch(name):
        return name
    escaped = _ESCAPED + _SPECIAL.sub(lambda match: f"_{ord(match[0]):x}_", name)
    if len(escaped) <= _MAX_ALIAS:
        return escaped
    # No code point has 64 digits, so no other name has this form.
    return f"{_ESCAPED}_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}_"


def name_of_alias(placeholder: str) -> str | None:
    """Return the name that `alias` made a placeholder from; None if it cannot be recovered (a hash)."""
    if not placeholder.startswith(_ESCAPED):
        return placeholder
    escaped = placeholder[len(_ESCAPED) :]
    name = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if int(match[1], 16) < 0x110000 else "", escaped)
    return name if alias(name) == placeholder else None


def _action(field: str, value: Any) -> tuple[str, str]:
    if value is None:
        return "REMOVE", field
    if not isinstance(value, set | frozenset):
        return "SET", field
    if field.endswith(_DELETE_SUFFIX) and field != _DELETE_SUFFIX:
        return "DELETE", field[: -len(_DELETE_SUFFIX)]
    return "ADD", field


def _clause(action: str, name: str, value: str) -> str:
    if action == "SET":
        return f"{name} = {value}"
    return name if action == "REMOVE" else f"{name} {value}"


def _request(names: dict[str, str], values: dict[str, Any], clauses: dict[str, list[str]]) -> dict[str, Any]:
    request: dict[str, Any] = {}
    # DynamoDB rejects empty maps and empty expressions, and an item that holds only empty sets changes nothing.
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = values
    if names:
        request["UpdateExpression"] = " ".join(f"{action} {', '.join(of)}" for action, of in clauses.items() if of)
    return {**request, "ReturnValues": "ALL_NEW"}
