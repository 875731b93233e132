"""Requests with encrypted fields: events that are published, rows that are stored, and rows that are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from powertools_stream.errors import InvalidRequestError
from powertools_stream.payloads.field_encryption import EEM, DataKey, FieldEncryption, has_envelope
from powertools_stream.requests.request import Request, content_of, with_content

__all__ = ["encrypted_request", "may_be_written", "opened_answer", "reads_items", "to_encrypt"]

# `SET #customer.#email = :email`, as `update_expression` makes it, without a function or an operator behind it.
_SET = re.compile(r"([#\w.]+)\s*=\s*(:\w+)\s*(?=,|$)")
_CLAUSES = re.compile(
    r"\b(SET|REMOVE|ADD|DELETE)\s+(.*?)(?=\s+(?:SET|REMOVE|ADD|DELETE)\s|$)", re.IGNORECASE | re.DOTALL
)
_NAME = re.compile(r"(?<![:\w])#?\w+")
_FAULT = "fault"

Opened = Callable[[Any], Generator[Any, Any, Any]]


def reads_items(request: Request) -> bool:
    """Tell whether a request reads rows, which may be encrypted."""
    return type(request).__name__ in ("GetItems", "Query", "Scan")


def may_be_written(request: Request) -> bool:
    """Tell whether a request carries an event or a row, so that it may have something to encrypt."""
    return bool(request.carries) or type(request).__name__ in ("PutItem", "UpdateItem")


def to_encrypt(request: Request, encryption: FieldEncryption) -> bool:
    """Tell whether a request has something to encrypt. What has an envelope already is left as it is."""
    kind = type(request).__name__
    if kind == "UpdateItem":
        params = request.params  # type: ignore[attr-defined]
        if EEM in (params.get("ExpressionAttributeNames") or {}).values():
            return False
        return bool(_touched(params, encryption) - _removed(params)) or encryption.occurs_in(_values(params))
    value = _item(request) if kind == "PutItem" else content_of(request)
    # A fault event holds what came in as it was sent.
    return value is not None and EEM not in value and value.get("type") != _FAULT and encryption.occurs_in(value)


def encrypted_request(request: Request, key: DataKey, encryption: FieldEncryption) -> Request:
    """Return the request with its fields encrypted.

    Raises
    ------
    InvalidRequestError
        An update would leave a row with fields of several data keys, or computes one of the fields.
    """
    kind = type(request).__name__
    if kind == "UpdateItem":
        return replace(request, params=_update(request.params, key, encryption))  # type: ignore[attr-defined, type-var]
    if kind == "PutItem":
        params = request.params  # type: ignore[attr-defined]
        return replace(request, params={**params, "Item": _row(params["Item"], key, encryption)})  # type: ignore[type-var]
    event = content_of(request)
    assert event is not None
    return with_content(request, key.encrypted(event, encryption))


def opened_answer(answer: Any, opened: Opened) -> Generator[Any, Any, Any]:
    """Return the answer to a read with its rows decrypted."""
    if isinstance(answer, list):
        return (yield [opened(item) for item in answer]) if any(map(has_envelope, answer)) else answer
    if isinstance(answer, Mapping) and isinstance(answer.get("Attributes"), dict):
        return {**answer, "Attributes": (yield from opened(answer["Attributes"]))}
    if isinstance(answer, Mapping) and isinstance(answer.get("Items"), list):
        return {**answer, "Items": (yield from opened_answer(answer["Items"], opened))}
    if isinstance(answer, Mapping) and isinstance(answer.get("Responses"), Mapping):
        tables = {}
        for table, items in answer["Responses"].items():
            tables[table] = yield from opened_answer(items, opened)
        return {**answer, "Responses": tables}
    return answer


def _item(request: Request) -> Mapping[str, Any] | None:
    item = request.params.get("Item")  # type: ignore[attr-defined]
    return item if isinstance(item, Mapping) else None


def _row(item: Mapping[str, Any], key: DataKey, encryption: FieldEncryption) -> dict[str, Any]:
    """Encrypt a row; the event that a row of the event table holds has an envelope of its own, as a published one."""
    event = item.get("event")
    if not isinstance(event, Mapping):
        return key.encrypted(item, encryption)
    rest = {name: value for name, value in item.items() if name != "event"}
    if EEM not in event and encryption.occurs_in(event):
        event = key.encrypted(event, encryption)
    return {**(key.encrypted(rest, encryption) if encryption.occurs_in(rest) else rest), "event": event}


# -- Updates -----------------------------------------------------------------------------------------------------------


def _update(params: Mapping[str, Any], key: DataKey, encryption: FieldEncryption) -> dict[str, Any]:
    fields, names = frozenset(encryption.fields), params.get("ExpressionAttributeNames") or {}
    set_by = {value: _last_name(path, names) for path, value in _SET.findall(_clause(params, "SET"))}
    removed = _removed(params)
    _check(_touched(params, encryption) - set(set_by.values()) - removed, "sets or removes the fields", params)
    values = {
        # Under its own name, so that what is encrypted is the same wherever a field stands.
        placeholder: key.encrypted({set_by[placeholder]: value}, encryption)[set_by[placeholder]]
        if placeholder in set_by
        else value
        for placeholder, value in _values(params).items()
    }
    given = {name for placeholder in set_by for name in _names_in({set_by[placeholder]: _values(params)[placeholder]})}
    _check(fields - given - removed, "sets all of the fields", params)
    name, value = f"#{EEM}", f":{EEM}"
    expression = re.sub(r"(?i)\bSET\s+", f"SET {name} = {value}, ", params["UpdateExpression"], count=1)
    return {
        **params,
        "ExpressionAttributeNames": {**names, name: EEM},
        "ExpressionAttributeValues": {**values, value: key.envelope(encryption)},
        "UpdateExpression": expression,
    }


def _touched(params: Mapping[str, Any], encryption: FieldEncryption) -> set[str]:
    """Return the fields that an update names."""
    names = params.get("ExpressionAttributeNames") or {}
    found = _NAME.findall(params.get("UpdateExpression") or "")
    return {names.get(name, name) for name in found} & set(encryption.fields)


def _removed(params: Mapping[str, Any]) -> set[str]:
    names = params.get("ExpressionAttributeNames") or {}
    return {_last_name(path.strip(), names) for path in _clause(params, "REMOVE").split(",")}


def _clause(params: Mapping[str, Any], action: str) -> str:
    found = _CLAUSES.findall(params.get("UpdateExpression") or "")
    return next((clause for name, clause in found if name.upper() == action), "")


def _values(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return params.get("ExpressionAttributeValues") or {}


def _names_in(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {*map(str, value), *(name for inner in value.values() for name in _names_in(inner))}
    if isinstance(value, list | tuple):
        return {name for inner in value for name in _names_in(inner)}
    return set()


def _last_name(path: str, names: Mapping[str, str]) -> str:
    last = path.rpartition(".")[2]
    return names.get(last, last)


def _check(others: set[str] | frozenset[str], what: str, params: Mapping[str, Any]) -> None:
    if others:
        raise InvalidRequestError(
            f"Expected an update that {what} that are encrypted, as update_expression does, but "
            f"{', '.join(sorted(others))} is not in {params['UpdateExpression']!r}. Set it, or remove it (None): a row "
            "has one data key."
        )
