from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parameters import TransformParameterError

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.classification import error_code
from powertools_stream.connectors import Clients, Connector, Entry
from powertools_stream.connectors.parameters import ParametersConnector
from powertools_stream.errors import InvalidRequestError
from powertools_stream.flavors import task
from powertools_stream.outcomes import Reason
from powertools_stream.requests import GetParameter, GetSecret, Request
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws


@pytest.fixture(autouse=True)
def _defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POWERTOOLS_PARAMETERS_MAX_AGE", "POWERTOOLS_PARAMETERS_SSM_DECRYPT"):
        monkeypatch.delenv(name, raising=False)


def answers(operation: str, body: dict[str, Any]) -> Answer:
    """Answer every parameter and secret with its own name, but for one."""
    name = body.get("Name", body.get("SecretId"))
    if name == "poison":
        return 400, {"__type": "ParameterNotFound", "message": "no such thing"}
    if operation == "GetSecretValue":
        return 200, {"Name": name, "SecretString": f"secret of {name}"}
    form = "plain" if body["WithDecryption"] else "encrypted"
    return 200, {"Parameter": {"Name": name, "Value": f"{form} {name}"}}


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = answers

    def connector(self) -> Connector:
        return ParametersConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        return [
            GetParameter("/shop/rate"),
            GetParameter("/shop/rate", decrypt=True),
            GetParameter("/shop/other", max_age=0),
            GetSecret("key"),
        ]

    def failing_requests(self) -> Sequence[Request]:
        return [GetParameter("fine"), GetParameter("poison")]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (200, {})
        return self.sample_requests()

    def unsendable_requests(self) -> Sequence[Request]:
        return [
            GetParameter(""),
            GetSecret(None),  # type: ignore[arg-type]
            GetParameter("x", transform="yaml"),
            GetSecret("x", transform=["json"]),  # type: ignore[arg-type]
        ]


def processing(to_request: Any) -> StreamProcessor:
    rules = RuleRegistry()

    @rules.register(task, event_type="order-created")
    def ask(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield to_request(uow.event))

    return StreamProcessor(rules=rules, raise_on_entire_batch_failure=False)


def orders(count: int) -> dict[str, Any]:
    return to_sqs_records([{"type": "order-created", "n": n} for n in range(count)])


def results(processor: StreamProcessor) -> list[Any]:
    return [result.uow["result"] for result in processor.results]


def value(connector: ParametersConnector, request: GetParameter | GetSecret) -> Any:
    return connector.answer(request, connector.send(connector.entries(request)))


def test_a_thousand_records_ask_once_and_a_warm_function_does_not_ask_again(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = answers
    processor = processing(lambda event: GetParameter("/shop/rate", decrypt=True))

    for _ in ("cold start", "warm start"):
        response = processor.process_event(orders(1_000))

        assert response == {"batchItemFailures": []}
        assert results(processor) == ["plain /shop/rate"] * 1_000
    assert endpoint.count() == 1


def test_a_thousand_parameters_are_a_call_each_once(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = answers
    processor = processing(lambda event: GetParameter(f"/shop/{event['n']}"))

    for _ in ("cold start", "warm start"):
        assert processor.process_event(orders(1_000)) == {"batchItemFailures": []}

        assert results(processor) == [f"encrypted /shop/{n}" for n in range(1_000)]
    assert endpoint.count("GetParameter") == 1_000


def test_parameters_and_secrets_come_from_aws(aws: Aws) -> None:
    aws.client("ssm").put_parameter(Name="/shop/rates", Value='{"vat": 19}', Type="String")
    aws.client("ssm").put_parameter(Name="/shop/token", Value="s3cret", Type="SecureString")
    aws.client("secretsmanager").create_secret(Name="shop/key", SecretString='{"user": "shop"}')
    aws.client("secretsmanager").create_secret(Name="shop/pin", SecretBinary=b"\x00\x01")
    connector = ParametersConnector(Clients())

    assert value(connector, GetParameter("/shop/rates", transform="json")) == {"vat": 19}
    assert value(connector, GetParameter("/shop/rates:1")) == '{"vat": 19}'
    assert value(connector, GetParameter("/shop/token", decrypt=True)) == "s3cret"
    assert value(connector, GetParameter("/shop/token")) != "s3cret"
    assert value(connector, GetSecret("shop/key", transform="json")) == {"user": "shop"}
    assert value(connector, GetSecret("shop/pin")) == b"\x00\x01"
    connector.close()


def test_what_is_not_decrypted_is_not_given_to_who_wants_it_decrypted(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = answers
    connector = ParametersConnector(Clients())

    values = [value(connector, GetParameter("token", decrypt=decrypt)) for decrypt in (False, True, False)]
    connector.close()

    assert values == ["encrypted token", "plain token", "encrypted token"]
    assert endpoint.count() == 2


def test_decryption_defaults_from_the_environment(endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint.script = answers
    monkeypatch.setenv("POWERTOOLS_PARAMETERS_SSM_DECRYPT", "true")
    connector = ParametersConnector(Clients())

    assert value(connector, GetParameter("token")) == "plain token"
    assert value(connector, GetParameter("token", decrypt=False)) == "encrypted token"
    connector.close()


def test_a_value_is_asked_for_again_when_it_is_too_old(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.script = answers
    connector = ParametersConnector(Clients())
    monkeypatch.setenv("POWERTOOLS_PARAMETERS_MAX_AGE", "1")

    for _ in range(2):
        value(connector, GetSecret("key"))
    assert endpoint.count() == 1

    time.sleep(1.1)
    value(connector, GetSecret("key"))
    connector.close()
    assert endpoint.count() == 2


def test_an_age_of_zero_asks_anew_whatever_others_have_left_in_the_cache(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = answers
    connector = ParametersConnector(Clients())

    for max_age in (60, 0, 0, None):
        value(connector, GetParameter("rate", max_age=max_age))
    connector.close()

    assert endpoint.count() == 3


def test_the_cache_outlives_the_connections(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = answers
    connector = ParametersConnector(Clients())
    value(connector, GetParameter("rate"))

    connector.close()

    assert value(connector, GetParameter("rate")) == "encrypted rate"
    assert value(connector, GetParameter("other")) == "encrypted other"
    connector.close()
    assert endpoint.count() == 2


def test_each_role_has_a_cache_of_its_own(aws: Aws) -> None:
    role = "arn:aws:iam::111122223333:role/reader"
    aws.client("ssm").put_parameter(Name="rate", Value="ours", Type="String")
    processor = processing(lambda event: GetParameter("rate"))
    processor.process_event(orders(2))
    assert results(processor) == ["ours", "ours"]

    rules = RuleRegistry()

    @rules.register(task, event_type="order-created", role_arn=role)
    def ask_there(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield GetParameter("rate"))

    @rules.register(task, event_type="order-created")
    def ask_here(uow: UnitOfWork) -> Generator[Any, Any, Any]:
        return (yield GetParameter("rate"))

    processor = StreamProcessor(rules=rules, raise_on_entire_batch_failure=False)
    processor.process_event(orders(1))

    # The other account has no such parameter, and does not get ours.
    assert results(processor) == ["ours"]
    (fault,) = processor.faults
    assert fault.rule_id == "ask_there"
    assert "ParameterNotFound" in str(fault.error)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDeniedException", Reason.CONFIGURATION),
        ("ResourceNotFoundException", Reason.CONFIGURATION),
        ("InvalidRequestException", Reason.FAULT),
    ],
)
def test_an_error_keeps_its_code(endpoint: ScriptedEndpoint, code: str, reason: Reason) -> None:
    endpoint.script = lambda operation, body: (400, {"__type": code, "message": "no"})
    processor = processing(lambda event: GetSecret("key"))

    processor.process_event(orders(1))

    (fault,) = processor.faults
    assert fault.reason is reason
    assert error_code(fault.error) == code


def test_what_is_throttled_is_sent_again(endpoint: ScriptedEndpoint) -> None:
    def throttles_the_first(operation: str, body: dict[str, Any]) -> Answer:
        if endpoint.count() == 1:
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        return answers(operation, body)

    endpoint.script = throttles_the_first
    processor = processing(lambda event: GetParameter("rate"))

    assert processor.process_event(orders(3)) == {"batchItemFailures": []}
    assert results(processor) == ["encrypted rate"] * 3
    assert endpoint.count() == 2


def test_a_connection_that_breaks_is_a_passing_error(endpoint: ScriptedEndpoint) -> None:
    def breaks_the_first(operation: str, body: dict[str, Any]) -> Answer:
        if endpoint.count() == 1:
            raise ConnectionError
        return answers(operation, body)

    endpoint.script = breaks_the_first
    processor = processing(lambda event: GetSecret("key"))

    assert processor.process_event(orders(1)) == {"batchItemFailures": []}
    assert results(processor) == ["secret of key"]


def test_a_value_that_cannot_be_transformed_is_a_fault_that_does_not_tell_it(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = answers
    processor = processing(lambda event: GetSecret("key", transform="json"))

    processor.process_event(orders(1))

    (fault,) = processor.faults
    assert isinstance(fault.error, TransformParameterError)
    assert fault.reason is Reason.FAULT
    assert "secret of key" not in str(fault.error)


def test_an_unknown_transform_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(InvalidRequestError, match="'json', 'binary', 'auto' or None, but found 'yaml'"):
        ParametersConnector(Clients()).entries(GetParameter("x", transform="yaml"))


def test_equal_requests_have_equal_keys_and_others_do_not() -> None:
    connector = ParametersConnector(Clients())

    def read(request: GetParameter | GetSecret) -> tuple[Any, Any]:
        entry: Entry
        (entry,) = connector.entries(request)
        return entry.operation, entry.key

    assert read(GetParameter("x")) == read(GetParameter("x"))
    others: list[GetParameter | GetSecret] = [
        GetParameter("x"),
        GetParameter("y"),
        GetParameter("x", decrypt=True),
        GetParameter("x", transform="json"),
        GetParameter("x", max_age=5),
        GetSecret("x"),
    ]
    assert len({read(request) for request in others}) == len(others)
