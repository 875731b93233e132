from __future__ import annotations

from docs.examples.sources.cognito_source import rules
from powertools_stream.testing import run, to_cognito_event


# --8<-- [start:handler]
def test_staff_is_confirmed_at_once() -> None:
    event = to_cognito_event(
        "PreSignUp_SignUp",
        response={"autoConfirmUser": False, "autoVerifyEmail": False},
    )

    outcome = run(rules, event)

    assert outcome.response == {
        **event,
        "response": {"autoConfirmUser": True, "autoVerifyEmail": False},
    }


# --8<-- [end:handler]


def test_a_confirmation_is_told_and_the_event_given_back() -> None:
    event = to_cognito_event("PostConfirmation_ConfirmSignUp", user_name="jane")

    outcome = run(rules, event)

    assert (outcome.response, [published["user"] for published in outcome.events]) == (
        event,
        ["jane"],
    )
