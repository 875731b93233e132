from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.data_classes.cognito_user_pool_event import PreSignUpTriggerEvent

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor, UnitOfWork, stream_processor
from powertools_stream.errors import MalformedRecordError
from powertools_stream.flavors import task
from powertools_stream.sources import CognitoSource, source_of
from powertools_stream.testing import FakeConnector, run
from powertools_stream.testing.notifications import to_cognito_event
from powertools_stream.testing.source_suite import SourceSuite
from powertools_stream.uow import Record

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.fixture(autouse=True)
def invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda sets a new trace header for each invocation."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)


class TestCognitoSource(SourceSuite):
    def source(self) -> CognitoSource:
        return CognitoSource()

    def events(self) -> list[dict[str, Any]]:
        return [to_cognito_event(), to_cognito_event("TokenGeneration_Authentication", user_name="joe")]

    def malformed_record(self) -> Record:
        return {**to_cognito_event(), "triggerSource": None}


def test_a_trigger_is_an_event() -> None:
    given = to_cognito_event("PostConfirmation_ConfirmSignUp", user_name="jane")

    event = CognitoSource().read(given)

    assert event == {
        **given,
        "id": event["id"],
        "type": "PostConfirmation_ConfirmSignUp",
        "timestamp": 0x5759E988 * 1000,
        "partition_key": "jane",
        "tags": {"region": "us-west-2"},
    }


# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
@pytest.mark.parametrize(
    "trigger",
    [
        "PreSignUp_SignUp", "PreSignUp_AdminCreateUser", "PreSignUp_ExternalProvider",
        "PostConfirmation_ConfirmSignUp", "PostConfirmation_ConfirmForgotPassword",
        "PreAuthentication_Authentication", "PostAuthentication_Authentication",
        "TokenGeneration_HostedAuth", "TokenGeneration_Authentication", "TokenGeneration_NewPasswordChallenge",
        "TokenGeneration_AuthenticateDevice", "TokenGeneration_RefreshTokens", "TokenGeneration_ClientCredentials",
        "DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication",
        "VerifyAuthChallengeResponse_Authentication",
        "UserMigration_Authentication", "UserMigration_ForgotPassword",
        "InboundFederation_ExternalProvider",
        "CustomMessage_SignUp", "CustomMessage_AdminCreateUser", "CustomMessage_ResendCode",
        "CustomMessage_ForgotPassword", "CustomMessage_UpdateUserAttribute", "CustomMessage_VerifyUserAttribute",
        "CustomMessage_Authentication",
        "CustomEmailSender_SignUp", "CustomEmailSender_AccountTakeOverNotification", "CustomSMSSender_Authentication",
    ],
)  # fmt: skip
def test_every_trigger_is_recognised_and_given_back(trigger: str) -> None:
    given = {**to_cognito_event(trigger), "response": {"claimsOverrideDetails": None}}

    assert type(source_of(given)) is CognitoSource
    assert run(RuleRegistry(), given).response == given


def test_the_id_is_that_of_the_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    first, again = (CognitoSource().read(to_cognito_event()) for _ in range(2))
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE.replace("5759e988", "5759e989"))

    assert first["id"] == again["id"] != CognitoSource().read(to_cognito_event())["id"]


def test_a_trigger_without_a_user_has_no_partition_key() -> None:
    given = to_cognito_event()
    del given["userName"]

    assert "partition_key" not in CognitoSource().read(given)


def test_a_trigger_that_is_no_text_is_malformed() -> None:
    with pytest.raises(MalformedRecordError, match="triggerSource that is a text"):
        CognitoSource().read({**to_cognito_event(), "triggerSource": 5})


def test_cognito_gets_the_event_back() -> None:
    given = to_cognito_event("PreSignUp_SignUp", response={"autoConfirmUser": False})

    assert run(RuleRegistry(), given).response == given


def test_the_answers_of_rules_are_merged_into_the_response() -> None:
    rules = RuleRegistry()

    @rules.register(task, event_type="PreSignUp_SignUp", result_key="response")
    def confirm(uow: UnitOfWork) -> dict[str, Any]:
        return {"autoConfirmUser": uow.event["request"]["userAttributes"]["email"].endswith("@example.com")}

    @rules.register(task, event_type="PreSignUp_SignUp")
    def look(uow: UnitOfWork) -> str:
        return "seen"

    given = to_cognito_event("PreSignUp_SignUp", response={"autoConfirmUser": False, "autoVerifyEmail": False})
    response = run(rules, given).response

    assert response == {**given, "response": {"autoConfirmUser": True, "autoVerifyEmail": False}}
    assert PreSignUpTriggerEvent(response).response.auto_confirm_user is True
    assert given["response"] == {"autoConfirmUser": False, "autoVerifyEmail": False}


def test_two_rules_may_add_claims_to_a_token() -> None:
    rules = RuleRegistry()

    @rules.register(task, event_type="TokenGeneration_Authentication", result_key="response")
    def tenant(uow: UnitOfWork) -> dict[str, Any]:
        return {"claimsOverrideDetails": {"claimsToAddOrOverride": {"tenant": "acme", "plan": "free"}}}

    @rules.register(task, event_type="TokenGeneration_Authentication", result_key="response")
    def plan(uow: UnitOfWork) -> dict[str, Any]:
        return {"claimsOverrideDetails": {"claimsToAddOrOverride": {"plan": "pro"}, "claimsToSuppress": ["email"]}}

    response = run(rules, to_cognito_event("TokenGeneration_Authentication")).response["response"]

    assert response == {
        "claimsOverrideDetails": {
            "claimsToAddOrOverride": {"tenant": "acme", "plan": "pro"},
            "claimsToSuppress": ["email"],
        }
    }


def test_a_failure_fails_the_step_unless_it_is_set_aside() -> None:
    rules = RuleRegistry()

    @rules.register(task, event_type="PreAuthentication_Authentication")
    def refuse(uow: UnitOfWork) -> None:
        raise PermissionError("not today")

    given = to_cognito_event("PreAuthentication_Authentication")

    with pytest.raises(BatchProcessingError, match="not today"):
        run(rules, given)
    with pytest.raises(BatchProcessingError, match="not today"):
        run(rules, given, raise_on_entire_batch_failure=True)
    assert run(rules, given, on_fault=FaultPolicy.PUBLISH).response == given


def test_a_handler_gives_the_event_back_on_every_invocation() -> None:
    rules = RuleRegistry()

    @rules.register(task, event_type="PreSignUp_SignUp", result_key="response")
    def confirm(uow: UnitOfWork) -> dict[str, Any]:
        return {"autoConfirmUser": True}

    @stream_processor(rules=rules)
    def handler(event: dict[str, Any], context: Any) -> None:
        return None

    for _ in range(2):
        given = to_cognito_event()
        assert handler(given, None) == {**given, "response": {"autoConfirmUser": True}}


def test_a_user_who_fails_again_another_time_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(uow: UnitOfWork) -> None:
        raise ValueError("no")

    bus = FakeConnector()
    processor = StreamProcessor(
        rules=[{"id": "fails", "flavor": task, "execute": fails}], fault_bus_name="faults", connectors=[bus]
    )

    for root in ("5759e988", "5759e988", "5759e989"):  # the second is Cognito's second attempt
        monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE.replace("5759e988", root))
        with pytest.raises(BatchProcessingError):
            processor.process_event(to_cognito_event("PreAuthentication_Authentication"))

    assert len(bus.published) == 2


def test_a_fault_event_carries_no_secret_of_the_user() -> None:
    published: list[Any] = []

    class Bus(FakeConnector):
        def send(self, entries: Any) -> Any:
            published.extend(entry.payload[0].event for entry in entries)
            return super().send(entries)

    def fails(uow: UnitOfWork) -> None:
        raise ValueError("no")

    event = to_cognito_event("UserMigration_Authentication", request={"password": "hunter2", "userAttributes": {}})

    with pytest.raises(BatchProcessingError):
        run([{"id": "fails", "flavor": task, "execute": fails}], event, connectors=[Bus()])

    (fault,) = published
    assert fault["uow"]["record"]["request"] == {"password": "*****", "userAttributes": {}}
    assert "hunter2" not in json.dumps(fault)
    assert event["request"]["password"] == "hunter2"


def test_a_fault_event_carries_no_token_of_another_provider() -> None:
    def fails(uow: UnitOfWork) -> None:
        raise ValueError("no")

    tokens = {"access_token": "hunter2", "id_token": "hunter2", "expires_in": "3600"}
    request = {"providerName": "Google", "attributes": {"tokenResponse": tokens, "userInfo": {"sub": "1"}}}
    bus = FakeConnector()

    with pytest.raises(BatchProcessingError):
        run(
            [{"id": "fails", "flavor": task, "execute": fails}],
            to_cognito_event("InboundFederation_ExternalProvider", request=request),
            connectors=[bus],
        )

    (fault,) = bus.published
    assert fault["uow"]["event"]["request"]["attributes"] == {"tokenResponse": "*****", "userInfo": {"sub": "1"}}
    assert "hunter2" not in json.dumps(fault)


def test_a_user_sees_what_the_rule_says_and_no_traceback() -> None:
    def refuses(uow: UnitOfWork) -> None:
        raise ValueError("Registration is closed")

    with pytest.raises(BatchProcessingError) as raised:
        run([{"id": "refuses", "flavor": task, "execute": refuses}], to_cognito_event("PreSignUp_SignUp"))

    assert str(raised.value) == "Registration is closed"
    assert len(raised.value.child_exceptions) == 1
