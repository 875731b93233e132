"""DynamoDB's parameters: from plain Python values to what boto3's client takes, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from powertools_stream.connectors.proofs import reading
from powertools_stream.environment.settings import setting
from powertools_stream.errors import InvalidRequestError
from powertools_stream.expressions import name_of_alias
from powertools_stream.payloads.attribute_values import deserialize_item, serialize_item

__all__ = [
    "Key",
    "attribute_values",
    "define_placeholders",
    "key_of",
    "plain_response",
    "required",
    "table_of",
    "to_params",
]

Key = tuple[tuple[str, str, Any], ...]
"""A primary key as something that compares as DynamoDB does: name, type and value of each attribute, by name."""

_ITEMS = ("Key", "Item", "ExpressionAttributeValues", "ExclusiveStartKey")
# DynamoDB's older parameters, which it still takes.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
_LEGACY = ("AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter")
_CONDITIONS = ("KeyConditionExpression", "FilterExpression", "ConditionExpression")
_EXPRESSIONS = (*_CONDITIONS, "ProjectionExpression", "UpdateExpression")
_PLACEHOLDER = re.compile(r"#(\w+)", re.ASCII)
_VALUE = re.compile(r":\w+", re.ASCII)
# DynamoDB takes 32 levels, and says itself what goes beyond. boto3's client needs up to five frames of the stack for
# each level, and ends a whole call, with the items of others in it, in a `RecursionError` at some 200.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes
_MAX_DEPTH = 100


def table_of(request: Any) -> str:
    """Return the name of the table that a request goes to.

    Raises
    ------
    SettingError
        Named neither by the request nor by the environment.
    """
    given = request.table_name or request.params.get("TableName")
    return setting(given, "ENTITY_TABLE_NAME", "EVENT_TABLE_NAME", what="the table", option="table_name")


def required(request: Any, name: str) -> Any:
    """Return a parameter that DynamoDB insists on, a non-empty mapping."""
    value = request.params.get(name)
    if not isinstance(value, Mapping) or not value:
        found = repr(value) if name in request.params else f"only {sorted(map(str, request.params))}"
        raise InvalidRequestError(f"Expected {type(request).__name__} to get {{{name!r}: {{…}}}}, but found {found}.")
    return value


def attribute_values(item: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return an item, or a part of one, as boto3's client takes it.

    Raises
    ------
    InvalidRequestError
        It is nested so deep that the client could not write it.
    """
    try:
        values = serialize_item(item)
        for value in values.values():
            if "M" in value or "L" in value:
                _check_depth(value, 1)
    except RecursionError as error:
        raise _too_deep() from error
    return values


def to_params(params: Mapping[str, Any], table: str) -> dict[str, Any]:
    """Return parameters as boto3's client takes them.

    Plain values become attribute values, boto3's condition objects (``Key("pk").eq("1")``) become expressions, and
    placeholders of `powertools_stream.expressions` that nothing defines are defined.

    Raises
    ------
    InvalidRequestError
        An expression uses a value that is not given, e.g. that of `timestamp_condition`.
    """
    result = {**params, "TableName": table}
    if any(not isinstance(params.get(name, ""), str) for name in _CONDITIONS):
        _build_conditions(result)
    for name in _ITEMS:
        if name in result:
            result[name] = attribute_values(result[name])
    for name in _LEGACY:
        if name in result:
            result[name] = {field: _legacy(spec) for field, spec in result[name].items()}
    define_placeholders(result)
    _check_values(result)
    return result


def define_placeholders(params: dict[str, Any]) -> None:
    """Define the placeholders of attribute names that an expression uses and nothing defines, in place."""
    names = params.get("ExpressionAttributeNames") or {}
    missing = {}
    for expression in (params.get(name) or "" for name in _EXPRESSIONS):
        if not isinstance(expression, str) or "#" not in expression:
            continue
        for placeholder in _PLACEHOLDER.findall(expression):
            if f"#{placeholder}" not in names and (name := name_of_alias(placeholder)) is not None:
                missing[f"#{placeholder}"] = name
    if missing:
        params["ExpressionAttributeNames"] = {**names, **missing}


def _check_values(params: Mapping[str, Any]) -> None:
    """Check that every value is given that an expression uses: DynamoDB refuses what it cannot look up."""
    given = params.get("ExpressionAttributeValues") or {}
    for name in _EXPRESSIONS:
        expression = params.get(name)
        if not isinstance(expression, str) or ":" not in expression:
            continue
        if missing := sorted(set(_VALUE.findall(expression)).difference(given)):
            field = missing[0][1:]
            raise InvalidRequestError(
                f"Expected the values that {name} {expression!r} uses, but {', '.join(missing)} is not among the "
                f"ExpressionAttributeValues, which are {sorted(map(str, given))}. Give the item that you pass to "
                f"update_expression(…) a value for {name_of_alias(field) or field!r}, or add {missing[0]!r} yourself."
            )


def plain_response(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response with plain values."""
    plain = dict(response)
    with reading("DynamoDB"):
        for name in ("Attributes", "Item", "LastEvaluatedKey"):
            if name in plain:
                plain[name] = deserialize_item(plain[name])
        if "Items" in plain:
            plain["Items"] = [deserialize_item(item) for item in plain["Items"]]
    return plain


def key_of(item: Mapping[str, Mapping[str, Any]], names: Iterable[str] | None = None) -> Key:
    """Return the key of an item of attribute values; of all its attributes, if no names are given."""
    key = []
    for name in sorted(item if names is None else names):
        ((kind, value),) = item[name].items()
        # 1 and 1.0 are one key to DynamoDB, "1" is another.
        key.append((name, kind, Decimal(value) if kind == "N" else value))
    return tuple(key)


def _check_depth(value: Mapping[str, Any], depth: int) -> None:
    if depth >= _MAX_DEPTH:
        raise _too_deep()
    for kind, content in value.items():
        if kind == "M":
            for inner in content.values():
                _check_depth(inner, depth + 1)
        elif kind == "L":
            for inner in content:
                _check_depth(inner, depth + 1)


def _too_deep() -> InvalidRequestError:
    return InvalidRequestError(
        f"Expected a value that DynamoDB can hold, of 32 levels at most, but found one of {_MAX_DEPTH} or more."
    )


def _legacy(spec: Any) -> Any:
    if not isinstance(spec, Mapping):
        return spec
    result = dict(spec)
    if "Value" in result:
        result["Value"] = _attribute_value(result["Value"])
    if "AttributeValueList" in result:
        result["AttributeValueList"] = [_attribute_value(value) for value in result["AttributeValueList"]]
    return result


def _attribute_value(value: Any) -> dict[str, Any]:
    return attribute_values({"": value})[""]


def _build_conditions(params: dict[str, Any]) -> None:
    """Replace boto3's condition objects by expressions, in place, as boto3's ``Table`` does."""
    from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder

    builder = ConditionExpressionBuilder()
    for name in _CONDITIONS:
        condition = params.get(name)
        if isinstance(condition, ConditionBase):
            built = builder.build_expression(condition, is_key_condition=name == "KeyConditionExpression")
            params[name] = built.condition_expression
            _merge(params, "ExpressionAttributeNames", built.attribute_name_placeholders)
            _merge(params, "ExpressionAttributeValues", built.attribute_value_placeholders)


def _merge(params: dict[str, Any], name: str, more: Mapping[str, Any]) -> None:
    if more:
        params[name] = {**params.get(name, {}), **more}
