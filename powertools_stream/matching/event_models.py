"""Event models: an event as an instance of a pydantic model."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import core_schema

from powertools_stream.errors import InvalidEventError
from powertools_stream.matching.filters import Filter

__all__ = ["model_reader"]

# Messages that may repeat the value, or part of it: those that the model's author wrote, and these of pydantic's own.
_TELLING = frozenset({"assertion_error", "union_tag_invalid", "uuid_parsing", "value_error"})
_MAX_FIELDS = 10
"""How many fields a message names; an event may have thousands that do not fit."""


def model_reader(model: type[BaseModel], rule_id: str) -> Filter:
    """Make a test that passes every unit of work, and puts its event into it as ``model``.

    Raises
    ------
    InvalidEventError
        From the test: the event does not fit.
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
    return message if kind in get_args(core_schema.ErrorType) and kind not in _TELLING else kind
