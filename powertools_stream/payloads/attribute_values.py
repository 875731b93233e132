"""Plain Python values to DynamoDB's attribute values and back, without loss and without boto3.

Neither boto3's nor Powertools' own `TypeDeserializer` serves here: both read every number as a `Decimal`, both look the
method of each value up by a name that they build anew, and Powertools' leaves the base64 text of a stream's binary
values as it is. What would have to be overridden is all that they do.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Set
from decimal import Decimal
from typing import Any

__all__ = ["deserialize", "deserialize_item", "serialize", "serialize_item"]

# Up to 38 significant digits, from 1E-130 to 9.99…E+125; leading and trailing zeros do not count.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
_MAX_DIGITS = 38
_MAX_EXPONENT = 125
_MIN_EXPONENT = -130


def deserialize_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Read an item or an image: ``{"total": {"N": "42"}}`` → ``{"total": 42}``. As `deserialize` otherwise."""
    plain = {}
    for name, value in item.items():
        ((kind, content),) = value.items()
        # Most attributes are strings, and this runs for each attribute of each record.
        plain[name] = content if kind == "S" else _reader(kind)(content)
    return plain


def deserialize(value: Mapping[str, Any]) -> Any:
    """Read one attribute value.

    An integral number becomes an `int`, any other a `Decimal`; a set a `set`; binary `bytes`, from bytes (boto3) as
    well as from base64 text (a stream's record).

    Raises
    ------
    ValueError, TypeError
        It is not an attribute value.

    Examples
    --------
    >>> deserialize({"L": [{"N": "1.0"}, {"N": "0.1"}]})
    [1, Decimal('0.1')]
    """
    ((kind, content),) = value.items()
    return _reader(kind)(content)


def serialize_item(item: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Write an item: ``{"total": 42}`` → ``{"total": {"N": "42"}}``. As `serialize` otherwise."""
    return {name: serialize(value) for name, value in item.items()}


def serialize(value: Any) -> dict[str, Any]:
    """Write one attribute value, as boto3's client takes it (binary is `bytes`).

    A float goes by its shortest decimal form (0.1 is ``0.1``, never ``0.1000000000000000055…``); a set is written
    sorted, so that equal values are written equally; of a pydantic model, its dump.

    Raises
    ------
    ValueError
        NaN, infinity, a number that DynamoDB cannot hold, an empty set (DynamoDB has none).
    TypeError
        DynamoDB has nothing for this type.
    """
    writer = _WRITERS.get(type(value))
    return writer(value) if writer is not None else _serialize_other(value)


# -- Reading -----------------------------------------------------------------------------------------------------------


def _reader(kind: str) -> Callable[[Any], Any]:
    try:
        return _READERS[kind]
    except KeyError:
        raise ValueError(
            f"Expected one of DynamoDB's types ({', '.join(_READERS)}), found {kind!r}. "
            "Is this a plain value, rather than an attribute value?"
        ) from None


def _read_number(text: str) -> int | Decimal:
    if type(text) is not str:
        text = str(text)
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise ValueError("Expected the text of a number under 'N', found something else.") from None
    # The bound comes first: writing 1E+999999999 out as an int would take all memory.
    if not number.is_finite() or number.adjusted() > _MAX_EXPONENT:
        raise ValueError(f"Expected a finite number under 1E+{_MAX_EXPONENT + 1} under 'N', found a greater one.")
    return int(number) if number == number.to_integral_value() else number


def _read_binary(content: str | bytes) -> bytes:
    return b64decode(content, validate=True) if isinstance(content, str) else bytes(content)


_READERS: dict[str, Callable[[Any], Any]] = {
    "S": lambda content: content,
    "N": _read_number,
    "B": _read_binary,
    "BOOL": lambda content: content,
    "NULL": lambda _: None,
    "M": deserialize_item,
    "L": lambda content: [deserialize(value) for value in content],
    "SS": set,
    "NS": lambda content: {_read_number(text) for text in content},
    "BS": lambda content: {_read_binary(part) for part in content},
}


# -- Writing -----------------------------------------------------------------------------------------------------------


def _write_int(value: int) -> str:
    text = str(int(value))
    return text if len(text) < _MAX_DIGITS else _write_decimal(Decimal(text))


def _write_float(value: float) -> str:
    text = float.__repr__(value)
    return _write_decimal(Decimal(text.removesuffix(".0")))


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"Expected a number that DynamoDB can hold, found {value}. Leave it out, or use None.")
    if not value:
        return "0"
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    if len(digits) > _MAX_DIGITS or not _MIN_EXPONENT <= value.adjusted() <= _MAX_EXPONENT:
        raise ValueError(
            f"Expected a number that DynamoDB can hold (at most {_MAX_DIGITS} significant digits, "
            f"from 1E{_MIN_EXPONENT} to under 1E+{_MAX_EXPONENT + 1}), found one of {len(digits)} digits "
            f"near 1E{value.adjusted():+d}. Round it, or store a string."
        )
    return str(value)


def _write_number(value: Any) -> str:
    if isinstance(value, float):
        return _write_float(value)
    return _write_decimal(value) if isinstance(value, Decimal) else _write_int(value)


def _serialize_set(values: Set[Any]) -> dict[str, Any]:
    if not values:
        raise ValueError("Expected a set with members, found an empty one. Leave it out, or use None.")
    if all(isinstance(value, str) for value in values):
        return {"SS": sorted(str.__str__(value) for value in values)}
    if all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values):
        # A float and a Decimal that are written the same are one member.
        return {"NS": sorted({_write_number(value) for value in values}, key=Decimal)}
    if all(isinstance(value, bytes) for value in values):
        return {"BS": sorted(bytes(value) for value in values)}
    found = ", ".join(sorted({type(value).__name__ for value in values}))
    raise TypeError(f"Expected a set of strings, of numbers, or of bytes, found members of type {found}. Use a list.")


def _serialize_map(values: Mapping[Any, Any]) -> dict[str, Any]:
    for name in values:
        if not isinstance(name, str):
            raise TypeError(f"Expected a map's keys to be strings, found one of type {type(name).__name__}.")
    return {"M": serialize_item(values)}


def _serialize_other(value: Any) -> dict[str, Any]:
    """Write a value whose type is not one of the exact ones: a subclass, an enum's member, a model."""
    for kind, writer in _WRITERS.items():
        if isinstance(value, kind):
            return writer(value)
    if isinstance(value, Mapping):
        return _serialize_map(value)
    if isinstance(value, Set):
        return _serialize_set(value)
    if callable(dump := getattr(value, "model_dump", None)):
        return serialize(dump())
    # boto3's own `Binary`, and its like.
    if hasattr(value, "__bytes__"):
        return {"B": bytes(value)}
    raise TypeError(
        f"Expected a value that DynamoDB can hold (None, bool, number, str, bytes, list, dict, set), found one of type "
        f"{type(value).__name__}. Turn it into one of these first."
    )


# In this order: a bool is an int too.
_WRITERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    str: lambda value: {"S": str.__str__(value)},
    bool: lambda value: {"BOOL": value},
    int: lambda value: {"N": _write_int(value)},
    float: lambda value: {"N": _write_float(value)},
    Decimal: lambda value: {"N": _write_decimal(value)},
    type(None): lambda _: {"NULL": True},
    dict: _serialize_map,
    list: lambda value: {"L": [serialize(part) for part in value]},
    tuple: lambda value: {"L": [serialize(part) for part in value]},
    set: _serialize_set,
    frozenset: _serialize_set,
    bytes: lambda value: {"B": bytes(value)},
    bytearray: lambda value: {"B": bytes(value)},
    memoryview: lambda value: {"B": bytes(value)},
}
