"""Event models: an event as an instance of a pydantic model."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import core_schema

from powertools_stream.errors import InvalidEventError
from powertools_stream.matching.filters import Filter

__all__ = ["model_reader"]

# Pydantic's errors whose messages may contain the value, or part of it. Messages of the model's author may as well.
_SHOWS_VALUE = frozenset({"assertion_error", "union_tag_invalid", "uuid_parsing", "value_error"})
_MAX_FIELDS = 10
"""How many fields a message names at most; thousands of fields of an event may be invalid."""


def model_reader(model: type[BaseModel], rule_id: str) -> Filter:
    """Make a test that validates the event of a unit of work, puts the result into it as ``model``, and passes.

    Raises
    ------
    InvalidEventError
        Raised by the test: the event does not fit the model.
    """
    validate = model.model_validate

    def read(uow: Any) -> bool:
        try:
            uow["model"] = validate(uow["event"])
        except ValidationError as error:
            # `from None`: pydantic's own message shows values, and goes into the fault event's stack.
            raise _invalid(uow["event"], error, model, rule_id) from None
        return True

    return read


def _invalid(event: Any, error: ValidationError, model: type[BaseModel], rule_id: str) -> InvalidEventError:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{_path(detail['loc'])}: {_reason(detail)}" for detail in details[:_MAX_FIELDS]]
    if len(details) > _MAX_FIELDS:
        lines.append(f"and {len(details) - _MAX_FIELDS} more")
    invalid = InvalidEventError(
        f"Expected the {event.get('type')!r} event {event.get('id')!r} to fit {model.__name__}, the event_model of "
        f"rule {rule_id!r}, but found {'; '.join(lines)}. Correct the publisher, or the model."
    )
    invalid.rule_id = rule_id
    return invalid


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "the event"


def _reason(detail: Any) -> str:
    kind, message = str(detail["type"]), str(detail["msg"])
    return message if kind in get_args(core_schema.ErrorType) and kind not in _SHOWS_VALUE else kind
