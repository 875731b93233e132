"""boto3 clients that make a call up to the point where it would be sent: for tests without AWS."""

from __future__ import annotations

import os
import re
import threading
from functools import lru_cache, partial
from typing import Any, NoReturn

from powertools_stream.connectors.clients import Clients

__all__ = ["NotSentError", "OfflineClients"]

_MAKING = threading.Lock()
# Where botocore keeps what belongs to one call.
_PARAMS = "powertools_stream.params"
# What tests make up is shorter than what AWS does: the model wants a UUID to have 36 characters.
_SHORT = re.compile(r"Invalid length for parameter .*, value: [1-9]")


class NotSentError(BaseException):
    """A call passed every check, and would be sent now. Not an `Exception`: no connector takes it for a failure."""


class OfflineClients(Clients):
    """Makes clients whose calls end in `NotSentError`, or in what is wrong with them.

    Each call is made as any other: with the same settings, and by botocore's own serializer, which needs no network, no
    credentials and no Region. Then the service's own model checks the parameters, in place of the service. Clients are
    shared: to make one takes up to 0.1 s.
    """

    def client(self, service_name: str, *, region_name: str | None = None, role_arn: str | None = None) -> Any:
        """Return the client of a service; it has no role to take on."""
        with _MAKING:  # neither sessions nor the making of clients are thread-safe
            return _client(service_name, region_name or _region_name())

    def close(self) -> None:
        """Do nothing: there are no connections."""


def _region_name() -> str:
    # Which one does not matter, but an ARN may name the function's own.
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


@lru_cache(maxsize=64)
def _client(service_name: str, region_name: str) -> Any:
    from botocore.config import Config

    # As `Clients` sets it, so that a call fails where it would there.
    config = Config(parameter_validation=False, ignore_configured_endpoint_urls=True)
    client = _session().client(service_name, region_name=region_name, config=config)
    client.meta.events.register_last("before-parameter-build", _keep)
    client.meta.events.register_first("before-call", partial(_check, client))
    return client


@lru_cache(maxsize=1)
def _session() -> Any:
    """Return a session that reads no configuration of this machine, and looks for no credentials."""
    import boto3
    from botocore.session import Session

    nothing = (None, None, None, None)
    files = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    return boto3.Session(
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        botocore_session=Session(session_vars={"profile": nothing, **files}),
    )


def _keep(params: Any, context: dict[str, Any], **_: Any) -> None:
    context[_PARAMS] = params


def _check(client: Any, model: Any, context: dict[str, Any], **_: Any) -> NoReturn:
    """Check the parameters of a call, and end it.

    Raises
    ------
    ClientError
        They do not fit the service's model: what the service would answer, or nearly so.
    NotSentError
        They do.
    """
    from botocore.validate import ParamValidator

    if model.input_shape is not None:
        report = ParamValidator().validate(context.get(_PARAMS, {}), model.input_shape).generate_report()
        if wrong := [line for line in report.splitlines() if not _SHORT.match(line)]:
            error = {"Code": "ValidationException", "Message": "; ".join(wrong)}
            refused = client.exceptions.from_code(error["Code"])  # the service's own class, if it has one
            raise refused({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}, model.name)
    raise NotSentError
