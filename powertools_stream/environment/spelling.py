"""How the standard fields of events and rows are spelled, for the services that read them.

Both spellings are always read. Which one is written depends on who else reads: services on aws-lambda-stream in
JavaScript know only ``partitionKey``, ``sequenceNumber`` and ``ruleId``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powertools_stream.environment.variables import once_per_batch, variable
from powertools_stream.errors import SettingError

__all__ = ["CAMEL_CASE", "in_camel_case", "is_javascript", "spelled"]

CAMEL_CASE: Mapping[str, str] = {
    "partition_key": "partitionKey",
    "rule_id": "ruleId",
    "sequence_number": "sequenceNumber",
}
"""The fields that are spelled otherwise in JavaScript, by their names here."""


@once_per_batch
def is_javascript() -> bool:
    """Return whether the environment says ``EVENT_SPELLING=javascript``.

    Raises
    ------
    SettingError
        It says something else than that or ``python``.
    """
    language = variable("EVENT_SPELLING")
    if not language or language == "python":
        return False
    if language != "javascript":
        raise SettingError(f"Expected EVENT_SPELLING to be 'python' or 'javascript', but found {language!r}.")
    return True


def spelled(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event as it is to be written: unchanged, or with its ``partitionKey``."""
    return in_camel_case(event, "partition_key") if is_javascript() else event


def in_camel_case(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return fields, with those of these names under their names in JavaScript, which they replace."""
    renamed = {CAMEL_CASE[name]: fields[name] for name in names if name in fields}
    return {**{name: value for name, value in fields.items() if name not in names}, **renamed}
