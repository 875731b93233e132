from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from powertools_stream.classification import classify, is_invalid_request, is_retryable
from powertools_stream.connectors import Clients
from powertools_stream.outcomes import Reason
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint


class Hanging:
    """A script that answers no call until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def __call__(self, operation: str, body: dict[str, Any]) -> Answer | None:
        self.released.wait(30)
        return None


def _put_in_threads(
    clients: Clients, endpoint: ScriptedEndpoint, count: int
) -> tuple[list[threading.Thread], list[Any]]:
    outcomes: list[Any] = []

    def put() -> None:
        try:
            outcomes.append(clients.client("events").put_events(Entries=[]))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=put) for _ in range(count)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 10
    while endpoint.count() < count and time.monotonic() < until:
        time.sleep(0.01)
    return threads, outcomes


def test_a_client_is_made_once_and_kept(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    found: list[Any] = []

    threads = [threading.Thread(target=lambda: found.append(clients.client("events"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, found))) == 1
    assert clients.client("dynamodb") is not found[0]
    clients.close()


def test_the_defaults_fit_a_function() -> None:
    config = Clients(max_workers=3).client("events").meta.config

    assert (config.connect_timeout, config.read_timeout) == (2, 10)
    assert config.max_pool_connections == 3
    assert config.retries["total_max_attempts"] == 1


def test_the_users_config_and_session_win() -> None:
    import boto3
    from botocore.config import Config

    session = boto3.Session(region_name="ap-south-1")
    client = Clients(session, Config(read_timeout=60, retries={"total_max_attempts": 4})).client("events")

    assert client.meta.region_name == "ap-south-1"
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (2, 60)
    assert client.meta.config.retries["total_max_attempts"] == 4


def test_close_ends_calls_under_way_at_once(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = hanging = Hanging()
    clients = Clients()
    threads, outcomes = _put_in_threads(clients, endpoint, 4)

    started = time.monotonic()
    clients.close()
    for thread in threads:
        thread.join(5)

    assert time.monotonic() - started < 1
    assert len(outcomes) == 4
    assert all(isinstance(outcome, Exception) and is_retryable(outcome) for outcome in outcomes)
    hanging.released.set()


def test_nothing_is_sent_after_close_even_where_botocore_would_try_again(endpoint: ScriptedEndpoint) -> None:
    from botocore.config import Config

    endpoint.script = hanging = Hanging()
    clients = Clients(config=Config(retries={"total_max_attempts": 5, "mode": "standard"}))
    threads, outcomes = _put_in_threads(clients, endpoint, 2)

    clients.close()
    for thread in threads:
        thread.join(10)
    hanging.released.set()

    assert [isinstance(outcome, Exception) for outcome in outcomes] == [True, True]
    assert endpoint.count() == 2


def test_a_client_taken_before_close_sends_nothing_after_it(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    client = clients.client("events")
    client.put_events(Entries=[])

    clients.close()

    with pytest.raises(ConnectionAbortedError, match="closed before") as caught:
        client.put_events(Entries=[])
    assert is_retryable(caught.value)
    assert endpoint.count() == 1


def test_connections_are_cut_where_botocore_asks_nobody_before_it_sends(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    client = clients.client("events")
    client.put_events(Entries=[])
    client.meta.events.unregister("before-send", clients._connections.raise_if_closed)

    clients.close()

    with pytest.raises(Exception, match=r"closed before|Connection was closed"):
        client.put_events(Entries=[])
    assert endpoint.count() == 1


def test_new_clients_are_made_after_close(endpoint: ScriptedEndpoint) -> None:
    clients = Clients()
    first = clients.client("events")
    clients.close()
    clients.close()

    second = clients.client("events")

    assert second is not first
    assert second.put_events(Entries=[])["FailedEntryCount"] == 0
    clients.close()


def test_it_works_without_botocores_internals(endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(*_: Any) -> None:
        raise AttributeError("_endpoint")

    monkeypatch.setattr("powertools_stream.connectors.clients.track_connections", changed)
    clients = Clients()

    assert clients.client("events").put_events(Entries=[])["FailedEntryCount"] == 0
    clients.close()


def test_boto3_is_imported_with_the_first_client_only() -> None:
    code = (
        "import sys; from powertools_stream.connectors import Clients; "
        "from powertools_stream.connectors.registry import ConnectorRegistry; "
        "from powertools_stream.requests import PutEvent; "
        "connectors = ConnectorRegistry(Clients(), options={'eventbridge': {'bus_name': 'bus'}}); "
        "connectors.connector_for(PutEvent).entries(PutEvent({'type': 'x'})); "
        "unwanted = {'boto3', 'botocore.session', 'powertools_stream.connectors.dynamodb.connector'}; "
        "print(sorted(unwanted.intersection(sys.modules)))"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert printed.stdout.strip() == "[]"


# -- Roles -------------------------------------------------------------------------------------------------------------

ROLE = "arn:aws:iam::210987654321:role/theirs"


def _assumed(expires_in: float = 3600) -> str:
    expiration = datetime.now(timezone.utc) + timedelta(seconds=expires_in)
    return (
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>theirs</AccessKeyId>"
        "<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>"
        f"<Expiration>{expiration.isoformat()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )


class Roles:
    """A script in which STS returns credentials with a lifetime (in seconds), or an error."""

    def __init__(self, *answers: Answer | float) -> None:
        self.answers = list(answers)

    def __call__(self, operation: str, body: dict[str, Any]) -> Answer | None:
        if operation != "POST /":
            return None
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return (200, _assumed(answer)) if isinstance(answer, int | float) else answer


def _denied(code: str, status: int = 403) -> Answer:
    return status, f"<ErrorResponse><Error><Code>{code}</Code><Message>not you</Message></Error></ErrorResponse>"


def _put(clients: Clients) -> Any:
    return clients.client("events", role_arn=ROLE).put_events(Entries=[])


def test_a_role_is_assumed_once_for_all_threads_services_and_regions(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = Roles(3600)
    clients = Clients()

    def call(region_name: str) -> None:
        clients.client("events", region_name=region_name, role_arn=ROLE).put_events(Entries=[])
        clients.client("kinesis", region_name=region_name, role_arn=ROLE).put_records(Records=[])

    threads = [threading.Thread(target=call, args=(f"eu-west-{n % 3 + 1}",)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    clients.close()

    assert (endpoint.count("PutEvents"), endpoint.count("PutRecords"), endpoint.count("POST /")) == (9, 9, 1)


def test_credentials_of_a_role_are_renewed_before_they_end_over_the_same_client(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = Roles(60, 3600)
    clients = Clients()

    for _ in range(3):
        _put(clients)
    made = [service for service, _, _ in clients._connections.clients]
    clients.close()

    assert (endpoint.count("PutEvents"), endpoint.count("POST /")) == (3, 2)
    assert sorted(made) == ["events", "sts"]


def test_a_role_without_credentials_to_assume_it_with_is_a_configuration_error(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(Exception, match="credentials") as raised:
        _put(Clients())

    assert classify(raised.value) is Reason.CONFIGURATION
    assert endpoint.count() == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_denied("AccessDenied"), Reason.CONFIGURATION),
        (_denied("RegionDisabledException"), Reason.CONFIGURATION),
        (_denied("ValidationError", 400), Reason.CONFIGURATION),
        (_denied("Throttling", 400), Reason.RETRYABLE),
        (_denied("ServiceFailure", 500), Reason.RETRYABLE),
    ],
)
def test_a_role_that_is_not_given_is_the_deployments_fault_unless_it_passes(
    endpoint: ScriptedEndpoint, answer: Answer, reason: Reason
) -> None:
    endpoint.script = Roles(answer, 3600)
    clients = Clients()

    with pytest.raises(Exception, match="not you") as raised:
        _put(clients)

    assert classify(raised.value) is reason
    assert not is_invalid_request(raised.value), "no entry of the call has spoiled it"
    assert _put(clients)["FailedEntryCount"] == 0, "the next call asks again"
    clients.close()


def test_closing_ends_all_calls_that_wait_for_a_role(endpoint: ScriptedEndpoint) -> None:
    hanging = Hanging()
    endpoint.script = {"POST /": hanging}
    clients = Clients()
    client = clients.client("events", role_arn=ROLE)
    errors: list[Exception] = []

    def call() -> None:
        try:
            client.put_events(Entries=[])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 10
    while not endpoint.count("POST /") and time.monotonic() < until:
        time.sleep(0.01)

    clients.close()
    for thread in threads:
        thread.join(5)
    hanging.released.set()

    assert not any(thread.is_alive() for thread in threads)
    assert all(is_retryable(error) for error in errors)
    assert (len(errors), endpoint.count("POST /"), endpoint.count("PutEvents")) == (4, 1, 0)


def test_a_role_is_assumed_by_the_session_that_was_given_and_in_its_region(endpoint: ScriptedEndpoint) -> None:
    import boto3

    endpoint.script = Roles(3600)
    clients = Clients(boto3.Session("other", "secret", region_name="ap-south-1"))

    client = clients.client("events", role_arn=ROLE)
    client.put_events(Entries=[])
    clients.close()

    assert client.meta.region_name == "ap-south-1"
    ((_, asked),) = [call for call in endpoint.calls if call[0] == "POST /"]
    assert "RoleSessionName=powertools-stream" in asked["content"]
