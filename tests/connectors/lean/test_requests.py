"""A lean call sends what botocore sends: the same address, headers and body, signed as botocore would sign them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.session import Session

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.errors import SettingError
from powertools_stream.flavors import task
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.connectors.lean.wire import Wire

ClientOf = Callable[..., Any]

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/things"
KEY = {"pk": {"S": "ä\n1"}}
UPDATE = {
    "TableName": "things",
    "Key": KEY,
    "UpdateExpression": "SET #a = :a",
    "ExpressionAttributeNames": {"#a": "a"},
    "ExpressionAttributeValues": {
        ":a": {"M": {"b": {"B": b"\x00\xff"}, "n": {"N": "1.10"}, "l": {"L": [{"BOOL": True}]}}}
    },
}
EVENT = {"EventBusName": "bus", "Source": "s", "DetailType": "t", "Detail": '{"a": "🙂"}'}
QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:orders"

OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamodb", "update_item", UPDATE),
    ("dynamodb", "put_item", {"TableName": "things", "Item": KEY, "ConditionExpression": "attribute_not_exists(pk)"}),
    ("dynamodb", "delete_item", {"TableName": TABLE, "Key": KEY}),
    ("dynamodb", "batch_write_item", {"RequestItems": {"things": [{"PutRequest": {"Item": KEY}}]}}),
    ("dynamodb", "batch_get_item", {"RequestItems": {"things": {"Keys": [KEY]}, "others": {"Keys": [KEY]}}}),
    ("dynamodb", "query", {"TableName": "things", "KeyConditionExpression": "pk = :pk"}),
    ("dynamodb", "scan", {"TableName": "things", "Limit": 1}),
    ("events", "put_events", {"Entries": [{**EVENT, "Time": datetime(2026, 11, 29, tzinfo=timezone.utc)}, EVENT]}),
    ("sqs", "send_message_batch", {"QueueUrl": QUEUE, "Entries": [{"Id": "0", "MessageBody": "a&b=c"}]}),
    ("sns", "publish_batch", {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": "0", "Message": "a&b=ä +"}]}),
    ("sns", "publish", {"PhoneNumber": "+49123", "Message": "hello"}),
    ("kinesis", "put_records", {"StreamName": "s", "Records": [{"Data": b"\x00\xff", "PartitionKey": "a"}]}),
    ("kinesis", "put_records", {"StreamARN": "arn:aws:kinesis:eu-central-1:123456789012:stream/s", "Records": []}),
    ("firehose", "put_record_batch", {"DeliveryStreamName": "s", "Records": [{"Data": b"line\n"}]}),
    ("ssm", "get_parameter", {"Name": "/a", "WithDecryption": True}),
    ("secretsmanager", "get_secret_value", {"SecretId": "a"}),
]
FULL_ONLY: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "put_object", {"Bucket": "bucket", "Key": "a", "Body": b"b"}),
    ("lambda", "invoke", {"FunctionName": "f", "Payload": b"{}"}),
    ("scheduler", "delete_schedule", {"Name": "n", "ClientToken": "t"}),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": []}),
]


def _call(client: Any, method: str, params: dict[str, Any]) -> None:
    """Make a call; what is answered is no matter here."""
    try:
        getattr(client, method)(**params)
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise


def _sent(wire: Wire, client: Any, method: str, params: dict[str, Any], times: int = 1) -> Any:
    for _ in range(times):
        _call(client, method, params)
    return wire.last


@pytest.mark.parametrize(("service", "method", "params"), OPERATIONS)
def test_each_operation_that_we_send_is_sent_as_botocore_does(
    wire: Wire, client_of: ClientOf, lean: list[str], service: str, method: str, params: dict[str, Any]
) -> None:
    by_template = _sent(wire, client_of(service), method, params, times=3)
    by_botocore = _sent(wire, client_of(service, lean=False), method, params)

    assert len(lean) == 2
    assert by_template.lasting == by_botocore.lasting
    assert by_template.is_signed_as_botocore_does()
    assert by_botocore.is_signed_as_botocore_does()


@pytest.mark.parametrize(("service", "method", "params"), FULL_ONLY)
def test_what_is_not_simple_is_left_to_botocore(
    wire: Wire, client_of: ClientOf, lean: list[str], service: str, method: str, params: dict[str, Any]
) -> None:
    by_us = _sent(wire, client_of(service), method, params, times=3)
    by_botocore = _sent(wire, client_of(service, lean=False), method, params)

    assert lean == []
    assert by_us.lasting == by_botocore.lasting


ENVIRONMENTS: dict[str, dict[str, str]] = {
    "temporary credentials": {"AWS_SESSION_TOKEN": "a/token=="},
    "FIPS": {"AWS_USE_FIPS_ENDPOINT": "true"},
    "dual stack": {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "the account's endpoint": {"AWS_ACCOUNT_ID": "123456789012", "AWS_ACCOUNT_ID_ENDPOINT_MODE": "preferred"},
    "no account's endpoint": {"AWS_ACCOUNT_ID": "123456789012", "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"},
    "an endpoint": {"AWS_ENDPOINT_URL": "https://aws.example:4566"},
    "an endpoint with a path": {"AWS_ENDPOINT_URL": "https://aws.example/proxied/to%20aws/"},
    "an endpoint of the service": {
        "AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.example",
        "AWS_ENDPOINT_URL_EVENTBRIDGE": "https://events.example:443",
        "AWS_ENDPOINT_URL_SNS": "https://sns.example",
    },
    "China": {"AWS_REGION": "cn-north-1", "AWS_DEFAULT_REGION": "cn-north-1"},
    "legacy attempts": {"AWS_RETRY_MODE": "legacy"},
    "standard attempts": {"AWS_RETRY_MODE": "standard"},
    "a name for the user agent": {"AWS_SDK_UA_APP_ID": "orders"},
    "in Lambda": {
        "AWS_LAMBDA_FUNCTION_NAME": "orders",
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
    },
}
IN_ENVIRONMENTS = [OPERATIONS[0], OPERATIONS[2], OPERATIONS[4], OPERATIONS[7], OPERATIONS[9]]


@pytest.mark.parametrize(("service", "method", "params"), IN_ENVIRONMENTS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_endpoint_is_called_as_botocore_does(
    wire: Wire,
    client_of: ClientOf,
    lean: list[str],
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
    service: str,
    method: str,
    params: dict[str, Any],
) -> None:
    for name, value in ENVIRONMENTS[environment].items():
        monkeypatch.setenv(name, value)
    token = ENVIRONMENTS[environment].get("AWS_SESSION_TOKEN")

    by_template = _sent(wire, client_of(service), method, params, times=2)
    by_botocore = _sent(wire, client_of(service, lean=False), method, params)

    assert len(lean) == 1
    assert by_template.lasting == by_botocore.lasting
    assert by_template.is_signed_as_botocore_does(token=token)


def test_the_trace_is_that_of_the_invocation(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
    client = client_of("dynamodb")
    seen = []
    for trace in ("Root=1;Sampled=0", "Root=2 3;Sampled=1", ""):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
        seen.append(_sent(wire, client, "update_item", UPDATE).headers.get("x-amzn-trace-id"))

    assert len(lean) == 2
    assert seen == ["Root=1;Sampled=0", "Root=2%203;Sampled=1", None]


def test_each_call_has_an_id_of_its_own(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    _sent(wire, client_of("dynamodb"), "update_item", UPDATE, times=4)

    assert len({request.headers["amz-sdk-invocation-id"] for request in wire.requests}) == 4


def test_each_table_in_an_arn_has_a_template_of_its_own(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "preferred")
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    client, full = client_of("dynamodb"), client_of("dynamodb", lean=False)
    for table in ("things", TABLE, TABLE.replace("123456789012", "210987654321")):
        for name in (table, table):
            params = {"TableName": name, "Key": KEY}
            by_us = _sent(wire, client, "delete_item", params)
        assert by_us.lasting == _sent(wire, full, "delete_item", params).lasting

    assert len(lean) >= 3  # older releases of botocore send all to one endpoint


def test_a_body_without_parameters_is_written_as_botocore_does(
    wire: Wire, client_of: ClientOf, lean: list[str]
) -> None:
    by_template = _sent(wire, client_of("dynamodb"), "list_tables", {}, times=2)

    assert len(lean) == 1
    assert by_template.lasting == _sent(wire, client_of("dynamodb", lean=False), "list_tables", {}).lasting


@pytest.mark.parametrize(
    "url",
    [
        "https://aws.example/to aws",
        "https://aws.example/%7eaws",
        "https://aws.example/ä",
        "https://aws.example/aws;v=1",
        "https://aws.example/aws?v=1",
        "https://aws.example./",
        "https://user:word@aws.example/",
    ],
)
def test_an_endpoint_that_is_written_in_another_way_on_the_wire_is_left_to_botocore(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)

    ours, botocores = (
        _sent(wire, client_of("dynamodb", lean=is_lean), "update_item", UPDATE, times=2) for is_lean in (True, False)
    )

    assert ours.lasting == botocores.lasting
    assert lean == []


def test_a_paginator_is_told_in_the_user_agent_of_its_own_calls_only(
    wire: Wire, client_of: ClientOf, lean: list[str]
) -> None:
    agents = []
    for is_lean in (True, False):
        client = client_of("dynamodb", lean=is_lean)
        for _ in range(2):
            list(client.get_paginator("list_tables").paginate())
            agents.append(set(wire.last.headers["user-agent"].split(" m/")[-1].split()[0].split(",")))
            client.list_tables()
            agents.append(set(wire.last.headers["user-agent"].split(" m/")[-1].split()[0].split(",")))

    assert agents[:4] == agents[4:]
    assert len(lean) >= 1


# -- Credentials -------------------------------------------------------------------------------------------------------


def _session(keys: list[str], lifetime: float) -> Any:
    """Return a session whose credentials last some seconds; each time others take their place."""

    def refresh() -> dict[str, str]:
        expiry = datetime.now(timezone.utc) + timedelta(seconds=lifetime)
        key = keys.pop(0) if len(keys) > 1 else keys[0]
        return {
            "access_key": key,
            "secret_key": "testing",
            "token": f"token of {key}",
            "expiry_time": expiry.isoformat(),
        }

    session = Session()
    session._credentials = RefreshableCredentials.create_from_metadata(refresh(), refresh, "test")
    return boto3.Session(botocore_session=session, region_name="eu-central-1")


def test_credentials_are_renewed(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb", session=_session(["first", "second", "third"], lifetime=1))

    _sent(wire, client, "update_item", UPDATE, times=3)

    used = [request.headers["authorization"].split("=")[1].split("/")[0] for request in wire.requests]
    assert used[-1] == "third"
    assert all(
        request.is_signed_as_botocore_does(token=request.headers["x-amz-security-token"]) for request in wire.requests
    )
    assert [request.headers["x-amz-security-token"] for request in wire.requests] == [f"token of {key}" for key in used]


def test_lasting_credentials_of_a_role_are_used_in_lean_calls(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb", session=_session(["first", "second"], lifetime=3600))

    request = _sent(wire, client, "update_item", UPDATE, times=3)

    assert len(lean) == 2
    assert request.is_signed_as_botocore_does(token="token of first")


def test_a_profile_is_used(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile theirs]\naws_access_key_id=them\naws_secret_access_key=testing\nregion=ap-south-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "theirs")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)

    request = _sent(wire, client_of("dynamodb", session=boto3.Session(profile_name="theirs")), "update_item", UPDATE, 2)

    assert len(lean) == 1
    assert request.headers["host"] == "dynamodb.ap-south-1.amazonaws.com"
    assert request.headers["authorization"].split("=")[1].startswith("them/")


def test_a_token_that_would_break_a_line_is_not_sent(wire: Wire, client_of: ClientOf) -> None:
    """`http.client` refuses such a header; so must we."""
    client = client_of("dynamodb", session=boto3.Session("a", "b", "token", region_name="eu-central-1"))
    _sent(wire, client, "update_item", UPDATE)
    client._make_api_call._credentials.token = "token\r\nX-Other: 1"

    with pytest.raises(Exception, match="Invalid header value"):
        client.update_item(**UPDATE)
    assert len(wire.requests) == 1


def test_without_credentials_the_error_is_botocores(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    with pytest.raises(botocore.exceptions.NoCredentialsError):
        client_of("dynamodb").update_item(**UPDATE)


@pytest.mark.parametrize(
    ("access_key", "secret_key", "token"),
    [(None, None, None), ("", "", None), ("testing", None, None), ("tästing", "testing", None), ("a", "b", "töken")],
)
def test_credentials_that_cannot_be_written_are_left_to_botocore(
    wire: Wire,
    client_of: ClientOf,
    lean: list[str],
    access_key: str | None,
    secret_key: str | None,
    token: str | None,
) -> None:
    """They may become so in the credentials that a client was made with."""
    outcomes = []
    for is_lean in (True, False):
        client = client_of("dynamodb", lean=is_lean, session=boto3.Session("a", "b", region_name="eu-central-1"))
        _sent(wire, client, "update_item", UPDATE, times=2)
        credentials = client._request_signer._credentials
        credentials.access_key, credentials.secret_key, credentials.token = access_key, secret_key, token
        try:
            outcomes.append(_sent(wire, client, "update_item", UPDATE).lasting)
        except Exception as error:
            outcomes.append((type(error), str(error)))

    assert outcomes[0] == outcomes[1]
    assert len(lean) == 1


@pytest.mark.parametrize(
    "config",
    [
        Config(signature_version=botocore.UNSIGNED),
        Config(signature_version="v4-query"),
        Config(retries={"total_max_attempts": 3}),
        Config(retries={"total_max_attempts": 1, "mode": "adaptive"}),
    ],
    ids=["unsigned", "another signer", "further attempts", "adaptive"],
)
def test_what_is_configured_otherwise_is_left_to_botocore(
    wire: Wire, client_of: ClientOf, lean: list[str], config: Any
) -> None:
    for _ in range(3):
        _call(client_of("dynamodb", config=config), "update_item", UPDATE)

    assert lean == []


@pytest.mark.parametrize("config", [Config(user_agent_extra="extra"), Config(parameter_validation=True)])
def test_what_makes_no_difference_between_calls_may_be_configured(
    wire: Wire, client_of: ClientOf, lean: list[str], config: Any
) -> None:
    by_template = _sent(wire, client_of("dynamodb", config=config), "update_item", UPDATE, times=2)

    assert len(lean) == 1
    assert (
        by_template.lasting
        == _sent(wire, client_of("dynamodb", lean=False, config=config), "update_item", UPDATE).lasting
    )


def test_parameters_that_are_wrong_get_botocores_error(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb", config=Config(parameter_validation=True))
    _sent(wire, client, "update_item", UPDATE, times=2)

    with pytest.raises(botocore.exceptions.ParamValidationError):
        client.update_item(**{**UPDATE, "Key": 5})
    with pytest.raises((botocore.exceptions.ParamValidationError, botocore.exceptions.EndpointResolutionError)):
        client.update_item(**{**UPDATE, "TableName": ["unhashable"]})
    assert len(lean) == 1


@pytest.mark.parametrize("off", ["off", "OFF"])
def test_it_is_switched_off_by_the_environment(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch, off: str
) -> None:
    monkeypatch.setenv("POWERTOOLS_STREAM_LEAN_CALLS", off)

    _sent(wire, client_of("dynamodb"), "update_item", UPDATE, times=3)

    assert lean == []
    assert len(wire.requests) == 3


@pytest.mark.parametrize("other", ["false", "0", "no", "true"])
def test_what_is_neither_on_nor_off_in_the_environment_is_an_error(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.setenv("POWERTOOLS_STREAM_LEAN_CALLS", other)

    with pytest.raises(SettingError, match=f"POWERTOOLS_STREAM_LEAN_CALLS to be 'on' or 'off', but found '{other}'"):
        client_of("dynamodb")


@pytest.mark.parametrize("on", ["on", "ON", ""])
def test_it_is_on_if_the_environment_says_so(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch, on: str
) -> None:
    monkeypatch.setenv("POWERTOOLS_STREAM_LEAN_CALLS", on)

    _sent(wire, client_of("dynamodb"), "update_item", UPDATE, times=3)

    assert len(lean) == 2


@pytest.mark.parametrize("is_on", [True, False])
def test_an_option_of_the_processor_switches_it_off(endpoint: ScriptedEndpoint, lean: list[str], is_on: bool) -> None:
    rules = RuleRegistry()
    rules.add(id="emit", flavor=task, event_type="e", execute=lambda uow: None, emit="done")
    processor = StreamProcessor(rules=rules, bus_name="bus", lean_calls=is_on)

    for _ in range(3):
        assert processor.process_event(to_sqs_records([{"id": "1", "type": "e"}])) == {"batchItemFailures": []}

    assert endpoint.count("PutEvents") == 3
    assert len(lean) == (2 if is_on else 0)
