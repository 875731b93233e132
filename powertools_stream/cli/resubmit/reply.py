"""What a function's response says of the records that it was invoked with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.cli.resubmit.plan import Invocation
from powertools_stream.cli.resubmit.units import Unit, digest_of
from powertools_stream.engine.resubmission import NAMESPACE, REPORT
from powertools_stream.errors import ConfigurationError
from powertools_stream.uow import Record

__all__ = ["Failures", "NothingProcessedError", "UnheedingFunctionError", "failures_in", "of_all"]

Failures = dict[tuple[Unit, str], str]
"""What is not done: the records, the rule, and the reason."""


class NothingProcessedError(Exception):
    """The function has refused the rules, of which it may know some, and has run none of them."""


class UnheedingFunctionError(Exception):
    """The function does not say which rules have run: it may have run all of them, and would do so again."""

    def __init__(self) -> None:
        super().__init__(
            "Expected the response to say which rules have run, found that it does not: all of them may have. The "
            "function needs this version of powertools_stream, its handler has to pass the context on "
            "(process_partial_response(…, context=context)) and to return the processor's response."
        )


class _MalformedError(Exception):
    """The response is none: nothing is known of any record."""


def failures_in(invocation: Invocation, event: Any, function_error: str | None, payload: bytes) -> Failures:
    """Return which rules are not done with which units, each with the reason. All others are proved to be done.

    Parameters
    ----------
    event
        What the function was invoked with.
    function_error
        Lambda's ``FunctionError``; None: it has returned a response.
    payload
        The response.

    Raises
    ------
    UnheedingFunctionError
        The response is one, but not to a resubmission.
    NothingProcessedError
        A rule is none of the function's, or is switched off.
    """
    if function_error is not None:
        told = _parsed(payload)
        if isinstance(told, Mapping) and told.get("errorType") == ConfigurationError.__name__:
            raise NothingProcessedError(_text_of(told))
        return of_all(invocation, _text_of(told))
    source, response = invocation.units[0].source, _parsed(payload)
    records = source.records(event) or []
    try:
        failed = _reported(response, invocation.rules, len(records))
        reported = {position for position, _ in failed}
        for position in _named(response, source, records):
            if position not in reported:
                failed.update({(position, rule): "The response reports it." for rule in invocation.rules})
    except _MalformedError as error:
        return of_all(invocation, str(error))
    by_record: dict[tuple[str, str], str] = {}
    for (position, rule), reason in failed.items():
        by_record.setdefault((digest_of(records[position]), rule), reason)
    return {
        (unit, rule): by_record[digest, rule]
        for unit in invocation.units
        for digest in map(digest_of, unit.records)
        for rule in invocation.rules
        if (digest, rule) in by_record
    }


def of_all(invocation: Invocation, reason: str) -> Failures:
    """Return all of an invocation as not done."""
    return {(unit, rule): reason for unit in invocation.units for rule in invocation.rules}


def _text_of(told: Any) -> str:
    if isinstance(told, Mapping):
        texts = [str(told[name]) for name in ("errorType", "errorMessage") if told.get(name)]
        return ": ".join(texts) or "The function has failed, and does not say why."
    return "The function has failed, and does not say why."


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _reported(response: Any, rules: Sequence[str], count: int) -> dict[tuple[int, str], str]:
    """Return which rules are not done with which records, by their positions, each with the reason."""
    ours = response.get(NAMESPACE) if isinstance(response, Mapping) else None
    said = ours.get(REPORT) if isinstance(ours, Mapping) else None
    if not isinstance(said, Mapping):
        raise UnheedingFunctionError
    if said.get("rules") != [*rules] or said.get("records") != count or not isinstance(said.get("failed"), list):
        raise _MalformedError("The response is about other rules, or about other records.")
    failed: dict[tuple[int, str], str] = {}
    for one in said["failed"]:
        position = one.get("record") if isinstance(one, Mapping) else None
        if type(position) is not int or not 0 <= position < count:
            raise _MalformedError("The response reports a record that was not sent.")
        rule, reason = one.get("rule"), f"{one.get('error')}: {one.get('message')}"
        # Of no rule: the record cannot be read, for instance, so that none has run.
        for name in [rule] if rule in rules else rules:
            failed.setdefault((position, name), reason)
    return failed


def _named(response: Mapping[str, Any], source: Any, records: Sequence[Record]) -> list[int]:
    """Return the positions of the records that the rest of the response names, as Lambda or Firehose reads it."""
    if source.answers_each and isinstance(answers := response.get("records"), list):
        done = {one.get("recordId") for one in answers if isinstance(one, Mapping) and one.get("result") != _FAILED}
        return [position for position, record in enumerate(records) if record.get("recordId") not in done]
    failures = response.get("batchItemFailures")
    if failures is None:
        return []
    positions: dict[str, list[int]] = {}
    for position, record in enumerate(records):
        positions.setdefault(_name_of(source, record), []).append(position)
    found = []
    for failure in failures if isinstance(failures, list) else [None]:
        name = json.dumps(failure.get("itemIdentifier"), sort_keys=True) if isinstance(failure, Mapping) else None
        if name not in positions:
            # As Lambda does: a response that names what is not there is no response.
            raise _MalformedError("The response reports a record that was not sent.")
        found += positions[name]
    return found


_FAILED = "ProcessingFailed"


def _name_of(source: Any, record: Record) -> str:
    try:
        return json.dumps(source.identifier(record), sort_keys=True)
    except Exception:  # nothing names it: the processor reports it by its position
        return "undefined"
