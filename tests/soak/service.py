"""The services behind the endpoint: they fail as planned, and note what they accept."""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.payloads.safe_json import read_json_texts
from powertools_stream.testing.endpoint import Answer, BrokenOff
from tests.soak.crew import TABLE
from tests.soak.history import History
from tests.soak.program import Program, ServiceFailure
from tests.soak.sources import MARK
from tests.soak.wire import READS, WITH_ENTRIES, Body, Outcome, SentCall, SentEntry, answer, error, read_call

__all__ = ["FINAL", "KINDS", "Service"]

_OF_ENTRIES = {"entry: passing": "passing", "entry: final": "final", "entry: blank": "blank", "entry: odd": "odd"}
_ERRORS = {
    "throttled": (400, "ThrottlingException"),
    "server error": (500, "InternalServerError"),
    "access denied": (400, "AccessDeniedException"),
    "invalid": (400, "ValidationException"),
}
_IN_BODIES = frozenset({"a page under 200", "broken off", "truncated JSON"})
_PAGE = "<html><head><title>Sign in</title></head><body>Who are you?</body></html>"

KINDS = (
    *_OF_ENTRIES,
    *_ERRORS,
    "bad gateway",
    "a page under 200",
    "truncated JSON",
    "broken off",
    "slow",
    "silent",
    "reset",
)
"""The ways in which a service fails."""

FINAL = frozenset({"entry: final", "invalid"})
"""What does not pass by itself, so that a policy may set the record aside for it."""

_ACCEPTING = frozenset(_OF_ENTRIES) | {"slow"}
_STAMP = re.compile(r"(\d+)\.(\d+)\.(r\d+)\.(rule-\d+)\.(\w+)")
_COMPRESSED = "COMPRESSED"
_SLOW = 0.08


class Service:
    """Answers the calls of a run.

    Parameters
    ----------
    program
        Says what fails.
    history
        Gets what is accepted.

    Attributes
    ----------
    is_calm
        Whether nothing fails any more.
    """

    def __init__(self, program: Program, history: History) -> None:
        self.is_calm = False
        self._seed = str(program.seed)
        self._failures = list(program.service)
        self._left = [failure.times for failure in program.service]
        self._history = history
        self._rows: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._released = threading.Event()

    def release(self) -> None:
        """End the calls that are not answered."""
        self._released.set()

    def __call__(self, operation: str, body: dict[str, Any]) -> Answer | None:
        try:
            call = read_call(operation, body)
        except (KeyError, ValueError):  # what is left of a call that was cut off while it was sent
            raise ConnectionResetError from None
        with self._lock:
            failure = self._failure(call)
            kind = failure.kind if failure is not None else None
            outcomes = self._outcomes(call, failure)
            content = answer(call, outcomes, self._read)
            if kind is None or kind in _ACCEPTING:
                self._accept(call, outcomes)
        if kind == "slow":
            time.sleep(_SLOW)
        elif kind == "silent":
            self._released.wait(30)
            raise ConnectionResetError
        elif kind is not None and kind not in _OF_ENTRIES:
            return self._fail(kind, call, content)
        if kind in _OF_ENTRIES and call.operation not in WITH_ENTRIES:
            return error(call, 400, "ThrottlingException")
        return 200, content

    def _fail(self, kind: str, call: SentCall, body: Body) -> Answer:
        """Return the answer to a call of which nothing is accepted."""
        # S3 says nothing in the body of its answer to a put, and the endpoint adds what proves it to each.
        if kind == "reset" or (call.operation == "PutObject" and kind in _IN_BODIES):
            raise ConnectionResetError
        if kind in _ERRORS:
            return error(call, *_ERRORS[kind])
        if kind == "bad gateway":
            return 502, _PAGE
        if kind == "a page under 200":
            return 200, _PAGE
        if kind == "broken off":
            return BrokenOff(body)
        text = body if isinstance(body, str) else json.dumps(body)
        return 200, text[: len(text) // 2]

    # -- What fails ----------------------------------------------------------------------------------------------------

    def _failure(self, call: SentCall) -> ServiceFailure | None:
        """Return the failure that is planned for a call, and count it."""
        if self.is_calm:
            return None
        for place, failure in enumerate(self._failures):
            if self._left[place] and self._meets(failure, call):
                self._left[place] -= 1
                return failure
        return None

    def _meets(self, failure: ServiceFailure, call: SentCall) -> bool:
        return any(self._is_hit(failure, entry, call) for entry in call.entries)

    def _is_hit(self, failure: ServiceFailure, entry: SentEntry, call: SentCall) -> bool:
        on = "reads" if call.operation in READS else "faults" if _is_fault(entry) else "writes"
        return failure.on == on and (failure.refs is None or not failure.refs.isdisjoint(_refs(entry)))

    def _outcomes(self, call: SentCall, failure: ServiceFailure | None) -> list[Outcome]:
        if failure is None or failure.kind not in _OF_ENTRIES:
            return [None] * len(call.entries)
        outcome = _OF_ENTRIES[failure.kind]
        return [outcome if self._is_hit(failure, entry, call) else None for entry in call.entries]

    # -- What is accepted ----------------------------------------------------------------------------------------------

    def _accept(self, call: SentCall, outcomes: Sequence[Outcome]) -> None:
        if call.operation in READS:
            return
        for entry, outcome in zip(call.entries, outcomes, strict=True):
            if outcome is None:
                if _is_fault(entry):
                    self._take_fault(json.loads(entry.content))
                else:
                    self._take(entry)

    def _take(self, entry: SentEntry) -> None:
        if (found := _STAMP.search(entry.content)) is None:
            self._history.wrong.append(f"a call without a stamp: {entry.content[:200]}")
            return
        seed, invocation, ref, rule_id, label = found.groups()
        if seed != self._seed:
            self._history.foreign.append(f"a call of the program {seed}: {entry.content[:200]}")
            return
        self._rows[found[0]] = {"pk": {"S": found[0]}, "sk": {"S": "item"}, "stamp": {"S": found[0]}}
        self._history.did(int(invocation), ref, rule_id, label)

    def _take_fault(self, event: dict[str, Any]) -> None:
        event = read_json_texts(_decompressed(event))
        uow = event["uow"]
        records = [one.get("record") for one in (*uow.get("batch", ()), uow)]
        marked = {one[MARK]["ref"]: one for one in records if isinstance(one, dict) and MARK in one}
        invocations = {one[MARK]["invocation"] for one in marked.values()}
        self._history.told(
            invocation=max(invocations, default=-1),
            rule_id=uow["pipeline"],
            refs=frozenset(marked),
            records=marked,
            disposition=event["disposition"],
            error=event["err"]["name"],
            is_whole="trimmed" not in event,
            event_type=uow["event"].get("type") if isinstance(uow.get("event"), dict) else None,
        )

    # -- What is read --------------------------------------------------------------------------------------------------

    def _read(self, call: SentCall) -> dict[str, Any]:
        if call.operation == "Query":
            items = [{"pk": {"S": "queried"}, "sk": {"S": label}} for label in "01"]
            return {"Items": items, "Count": 2, "ScannedCount": 2}
        keys = [key for of_table in call.body["RequestItems"].values() for key in of_table["Keys"]]
        found = [self._item(key) for key in keys]
        return {"Responses": {TABLE: [item for item in found if item is not None]}, "UnprocessedKeys": {}}

    def _item(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        return dict(key) if key["pk"]["S"] == "shared" else self._rows.get(key["pk"]["S"])


def _is_fault(entry: SentEntry) -> bool:
    return '"disposition"' in entry.content and '"type":"fault"' in entry.content


def _refs(entry: SentEntry) -> set[str]:
    """Return the records that an entry is for."""
    found = {match[3] for match in _STAMP.finditer(entry.content)}
    if _is_fault(entry):
        found.update(re.findall(r'"ref":"(r\d+)"', entry.content))
    return found


def _decompressed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _decompressed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_decompressed(inner) for inner in value]
    if isinstance(value, str) and value.startswith(_COMPRESSED):
        return json.loads(gzip.decompress(base64.b64decode(value.removeprefix(_COMPRESSED))))
    return value
