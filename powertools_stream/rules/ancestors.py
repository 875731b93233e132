"""The fields of rules for aws-lambda-stream, in Python or JavaScript, that have another name here, or none.

Imported only if there is a mistake to report.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

__all__ = ["explain_field"]

_RENAMED: Mapping[str, tuple[str, ...]] = {
    "circuit_breaker_max_batch_size": ("max_batch_size",),
    "default_ttl": ("ttl",),
    "eem": ("encrypt",),
    "pattern": ("flavor",),
    "pk_fn": ("pk",),
    "throw_condition_failure": ("on_condition_failed",),
    "to_message": ("to_sqs", "to_sns"),
    "to_put_request": ("to_s3",),
    "to_query_related_request": ("to_query_request",),
}
"""Each with the names that it may have here: the first one that the rule has."""

_OF_THE_PROCESSOR: Mapping[str, str] = {
    "additional_client_opts": "boto_config=",
    "claim_check_bucket_name": "claim_checks=ClaimChecks(…)",
    "compression_ignore": "compression=Compression(…)",
    "compression_threshold": "compression=Compression(…)",
    "handle_errors": "on_fault=",
    "master_key_alias": "encrypt=FieldEncryption(key_alias=…)",
    "parallel": "max_workers=, for all rules together",
    "retry_config": "retry=RetryPolicy(…)",
    "timeout": "boto_config=",
}

_OTHERWISE: Mapping[str, str] = {
    "batch_size": "The requests of all rules share calls, as many of them as the service takes at once.",
    "cursor_key_fn": "A job saves its cursor after each page, with what 'to_cursor_update_request' returns.",
    "eem_field": "The envelope of encrypted fields is always 'eem'.",
    "event_field": "What is published never takes the place of the record: uow['event'] of cdc, else uow['emit'].",
    "execute_operators": "There are no operators: 'execute' may be a generator that yields requests.",
    "fks": "'to_get_request' returns the keys to get.",
    "index_fn": "'to_query_request' returns the query of an index.",
    "index_nm": "'to_query_request' returns the query of an index.",
    "max_publish_request_size": "The environment variable MAX_REQ_SIZE limits the bytes of a call.",
    "max_request_size": "The environment variable MAX_REQ_SIZE limits the bytes of a call.",
    "skip_latched": "Its value means the opposite in JavaScript, so say which changes you want: latched='skip' (the "
    "default) leaves out what a listener wrote, latched='process' is for such changes too (skipLatched: true).",
    "sns": "Use the flavor sns for a topic, and sqs for a queue.",
    "split_on_omit_fields": "Every part has all fields of the unit of work; they are shared, not copied.",
}

_IN_THE_UNIT_OF_WORK = re.compile(r"(\w+_(?:request|response)|message)_field")


def explain_field(name: str, known: Container[str]) -> str | None:
    """Return what to write in place of a field of aws-lambda-stream; None if it is none of its fields.

    Parameters
    ----------
    name
        The field, in snake case.
    known
        The names of the fields that the rule has.
    """
    for own in _RENAMED.get(name, ()):
        if own in known:
            return f"It is called {own!r} here."
    if name in _OF_THE_PROCESSOR:
        return f"It belongs to the processor: {_OF_THE_PROCESSOR[name]}."
    if (found := _IN_THE_UNIT_OF_WORK.fullmatch(name)) is not None:
        return _explain_key(found[1], known)
    return _OTHERWISE.get(name)


def _explain_key(key: str, known: Container[str]) -> str:
    """Say where in the unit of work something is, which is the same for every rule."""
    if key == "query_response" and "expression" in known:
        key = "correlated"
    said = f"It is always uow[{key!r}]"
    if key == "query_response" and "split_target_field" in known:
        return f"{said}; 'split_target_field' names where each part of it goes."
    return f"{said}."
