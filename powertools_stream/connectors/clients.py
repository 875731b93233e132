"""One boto3 client per service, made on first use and kept between invocations, with connections that can be cut."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from powertools_stream.classification.reasons import is_retryable
from powertools_stream.connectors.connections import ConnectionSet, track_connections
from powertools_stream.connectors.integrity import believe_whole_responses_only
from powertools_stream.connectors.proofs import part
from powertools_stream.errors import SettingError

if TYPE_CHECKING:
    from powertools_stream.connectors.base import Operation

__all__ = ["Clients"]


class Clients:
    """Makes boto3 clients, keeps them, and cuts their connections.

    Unless `config` says otherwise: two seconds to connect and ten to wait for an answer, instead of botocore's sixty of
    each, which outlast most functions; a connection pool as wide as there are workers; a single attempt, since the
    library sends again by itself, with the deadline in mind; no validation of parameters on this side, since the
    connectors make the requests, and the service checks them anyway.

    Parameters
    ----------
    session
        A ``boto3.Session``; default: a new one, when the first client is made.
    config
        A ``botocore.config.Config``, whose settings win over the above.
    max_workers
        How many threads make calls at the same time.
    lean_calls
        Whether calls may leave out what comes to the same each time; see `powertools_stream.connectors.lean`. It also
        takes ``POWERTOOLS_STREAM_LEAN_CALLS``, read with each client, not to be ``off``.
    """

    def __init__(
        self, session: Any = None, config: Any = None, max_workers: int = 8, *, lean_calls: bool = True
    ) -> None:
        self._own_session = session
        self._config = config
        self._max_workers = max_workers
        self._lean_calls = lean_calls
        self._connections = ConnectionSet()
        self._making = threading.Lock()

    def client_for(self, operation: Operation) -> Any:
        """Return the client that makes the calls of an operation: of its service, its Region and its role."""
        return self.client(operation.service, region_name=operation.region_name, role_arn=operation.role_arn)

    def client(self, service_name: str, *, region_name: str | None = None, role_arn: str | None = None) -> Any:
        """Return a client, made on first use. Thread-safe; boto3 is imported here.

        Parameters
        ----------
        service_name
            As boto3 names it.
        region_name
            None: that of the session, so most often the function's.
        role_arn
            The role that the client takes on, e.g. of another account. Its credentials come from STS, and are renewed
            before they end. None: the session's own.
        """
        # Taken first: a client that is still being made while everything is closed belongs to what was closed.
        return self._client(self._connections, service_name, region_name, role_arn)

    def make_ahead(self, service_names: Iterable[str]) -> None:
        """Begin to make clients while Lambda initializes the function, on a thread beside its further imports.

        Anywhere else, and if it fails, nothing has happened: a client is made on first use.
        """
        if not _is_initialized_by_lambda():
            return
        with contextlib.suppress(Exception):
            if not (names := tuple(service_names)):
                return
            # Here: two threads that import modules which import each other may each find half of one.
            import boto3  # noqa: F401

            threading.Thread(
                target=self._make_each, args=(self._connections, names), name="powertools-stream clients", daemon=True
            ).start()

    def _make_each(self, connections: ConnectionSet, service_names: Iterable[str]) -> None:
        for name in service_names:
            with contextlib.suppress(Exception):
                self._client(connections, name)

    def session(self, role_arn: str | None = None) -> Any:
        """Return the session that clients are made of, for what signs its calls itself. Thread-safe."""
        with self._making:
            return self._session(self._connections, role_arn)

    def close(self) -> None:
        """Cut every connection, so that calls under way end in an error at once, and nothing is sent for them any more.

        The next `client` makes new ones.
        """
        connections, self._connections = self._connections, ConnectionSet()
        connections.close()

    def _client(
        self, connections: ConnectionSet, service_name: str, region_name: str | None = None, role_arn: str | None = None
    ) -> Any:
        wanted = (service_name, region_name, role_arn)
        client = connections.clients.get(wanted)
        if client is not None:
            return client
        with self._making:  # neither sessions nor the making of clients are thread-safe
            client = connections.clients.get(wanted)
            if client is None:
                session = self._session(connections, role_arn)
                client = connections.clients[wanted] = self._make(session, service_name, connections, region_name)
        return client

    def _session(self, connections: ConnectionSet, role_arn: str | None) -> Any:
        import boto3

        if self._own_session is None:
            # Not boto3's default session: the function's own threads may be using that one, unlocked.
            self._own_session = boto3.Session()
        if role_arn is None:
            return self._own_session
        if role_arn not in connections.roles:
            connections.roles[role_arn] = self._session_of(role_arn, connections)
        return connections.roles[role_arn]

    def _session_of(self, role_arn: str, connections: ConnectionSet) -> Any:
        """Return the session of a role; botocore asks for credentials when they are needed, and before they end.

        It is closed with the connections: calls that wait for its credentials end then, instead of asking STS again.
        """
        import boto3
        from botocore.credentials import DeferredRefreshableCredentials
        from botocore.session import Session

        session = Session()
        # The public way is for credentials that never change; these are renewed.
        session._credentials = DeferredRefreshableCredentials(
            lambda: _assume(self._client(connections, "sts"), role_arn), "assume-role"
        )
        return boto3.Session(botocore_session=session, region_name=self._own_session.region_name)

    def _make(self, session: Any, service_name: str, connections: ConnectionSet, region_name: str | None) -> Any:
        from botocore.config import Config

        from powertools_stream.connectors.lean.calls import make_lean

        config = Config(
            connect_timeout=2,
            read_timeout=10,
            max_pool_connections=self._max_workers,
            retries={"total_max_attempts": 1},
            parameter_validation=False,
        )
        config = config.merge(self._config) if self._config else config
        client = session.client(service_name, region_name=region_name, config=config)
        client.meta.events.register("before-send", connections.raise_if_closed)
        believe_whole_responses_only(client)
        with contextlib.suppress(Exception):
            # Reaches into botocore. If that has changed, connections end by their time-outs.
            track_connections(client, connections)
        if self._lean_calls and _lean_calls_are_on():
            with contextlib.suppress(Exception):
                # As above. If that has changed, all calls are made in botocore's way.
                make_lean(client, connections.raise_if_closed)
        return client


def _lean_calls_are_on() -> bool:
    """Read the switch of lean calls from the environment.

    Raises
    ------
    SettingError
        It says something else than ``on`` or ``off``: most likely, somebody wants to switch them off.
    """
    given = os.environ.get(_LEAN_CALLS, "").lower()
    if given not in ("", "on", "off"):
        raise SettingError(f"Expected {_LEAN_CALLS} to be 'on' or 'off', but found {os.environ[_LEAN_CALLS]!r}.")
    return given != "off"


_LEAN_CALLS = "POWERTOOLS_STREAM_LEAN_CALLS"


def _is_initialized_by_lambda() -> bool:
    """Tell whether this is Lambda, before the first invocation: the runtime sets a trace with each."""
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    return "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ and "_X_AMZN_TRACE_ID" not in os.environ


def _assume(sts: Any, role_arn: str) -> dict[str, Any]:
    """Return the credentials of a role, as botocore keeps them.

    Raises
    ------
    CredentialRetrievalError
        STS does not give them. Its own code may mean something else in the service that is called.
    RequestFailedError
        STS answers, but without them.
    """
    from botocore.exceptions import ClientError, CredentialRetrievalError

    try:
        response = sts.assume_role(RoleArn=role_arn, RoleSessionName=_role_session_name())
    except ClientError as error:
        if is_retryable(error):
            raise
        raise CredentialRetrievalError(provider="assume-role", error_msg=f"{role_arn}: {error}") from error
    given = part(response, "Credentials", dict, "STS")
    return {
        "access_key": part(given, "AccessKeyId", str, "STS"),
        "secret_key": part(given, "SecretAccessKey", str, "STS"),
        "token": part(given, "SessionToken", str, "STS"),
        "expiry_time": part(given, "Expiration", datetime, "STS").isoformat(),
        "account_id": role_arn.split(":")[4],
    }


def _role_session_name() -> str:
    """Return the name by which the other account's trail shows who it was: the function's."""
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    return re.sub(r"[^\w+=,.@-]", "-", os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "powertools-stream")[:64]
