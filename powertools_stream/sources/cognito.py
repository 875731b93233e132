"""Triggers of Amazon Cognito's user pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from powertools_stream.payloads.parsing import malformed
from powertools_stream.sources.invocations import invocation_id, invocation_time, trace_id
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import fields_of
from powertools_stream.uow import Event, Record

if TYPE_CHECKING:
    from powertools_stream.outcomes import RecordOutcome

__all__ = ["CognitoSource"]


class CognitoSource(BuiltInSource):
    """A step of a user pool's flow that asks the function. Its type is the ``triggerSource``: ``PreSignUp_SignUp``.

    The event is what Cognito sends, ``request`` and ``response`` included; its ``partition_key`` is the ``userName``.
    Cognito waits, and gets the event back: if a rule leaves a mapping ``response`` in its unit of work (a `task` with
    ``result_key="response"``), it is merged into the event's ``response``, that of later rules last. A record that
    failed fails the invocation, and so the user's step, unless it is set aside.
    """

    name: ClassVar[str] = "cognito"
    reports_partially: ClassVar[bool] = False
    needs_results: ClassVar[bool] = True
    # "… failed with error <message>.", in the application.
    # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    shows_errors: ClassVar[bool] = True
    # https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-migrate-user.html
    # https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-verify-auth-challenge-response.html
    # https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-inbound-federation.html
    secrets: ClassVar[tuple[str, ...]] = (
        "request.attributes.tokenResponse",
        "request.challengeAnswer",
        "request.password",
        "request.privateChallengeParameters",
        "response.privateChallengeParameters",
    )

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Return the event itself, as the only record."""
        return [dict(event)] if self.recognises(event) else None

    def read(self, record: Record) -> Event:
        """Make an event of the trigger; Cognito gives it neither an id nor a time."""
        # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
        fields = fields_of(record)
        record_id, trigger, user_name = self.record_id(record), fields.get("triggerSource"), fields.get("userName")
        if not isinstance(trigger, str):
            raise malformed(record_id, "a triggerSource that is a text", type(trigger).__name__)
        if user_name is not None and not isinstance(user_name, str):
            raise malformed(record_id, "a userName that is a text", type(user_name).__name__)
        event = {
            **record,
            "id": invocation_id(record_id),
            "type": trigger,
            "timestamp": invocation_time(),
            "tags": {"region": record.get("region")},
        }
        return event if user_name is None else {**event, "partition_key": user_name}

    def identifier(self, record: Record) -> Any:
        """Return the user pool, the trigger, the user and the trace, for logs and fault events."""
        fields = fields_of(record)
        name = f"{fields.get('userPoolId')}/{fields.get('triggerSource')}/{fields.get('userName')}"
        # What fails for a user today is not what failed yesterday.
        return f"{name}/{trace}" if (trace := trace_id()) else name

    def origin(self, record: Record) -> str | None:
        """Say that a trigger never comes again: the user tries again, which is another trigger."""
        return None

    def answer(self, event: Mapping[str, Any], outcomes: Sequence[RecordOutcome]) -> Any:
        """Return the event, its ``response`` with what the rules answered."""
        response = fields_of(event.get("response"))
        for outcome in outcomes:
            for uow in outcome.results:
                if isinstance(answered := uow.get("response"), Mapping):
                    response = _merged(response, answered)
        return {**event, "response": response}


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Merge objects, and objects in them: two rules may both add claims to a token."""
    merged = dict(first)
    for name, value in second.items():
        before = merged.get(name)
        is_nested = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(before, value) if is_nested else value  # type: ignore[arg-type]
    return merged
