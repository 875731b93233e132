"""Parameters and secrets: `GetParameter` and `GetSecret`, through Powertools' ``parameters``, which caches them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.proofs import missing_response
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.errors import InvalidRequestError
from powertools_stream.requests import GetParameter, GetSecret

__all__ = ["CONNECTOR", "ParametersConnector"]

# https://docs.aws.amazon.com/powertools/python/latest/utilities/parameters/#deserializing-values-with-transform-parameter
_TRANSFORMS = (None, "json", "binary", "auto")
_SECRET = Operation("secretsmanager", "GetSecretValue", reads=True)


class ParametersConnector(ServiceConnector):
    """Gets values from Parameter Store and Secrets Manager, and keeps them for as long as `max_age` says.

    The cache is the connector's, so it lasts as long as the processor: over all invocations of a warm function. Each
    role has a cache of its own.
    """

    requests = (GetParameter, GetSecret)

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self._providers: dict[Hashable, Any] = {}

    def entries(self, request: GetParameter | GetSecret) -> Sequence[Entry]:
        """Return one entry; equal requests have equal keys.

        Raises
        ------
        InvalidRequestError
            The name is no text, or the transform is none of ``"json"``, ``"binary"`` and ``"auto"``.
        """
        kind = type(request).__name__
        name: Any = request.name
        if not isinstance(name, str) or not name:
            raise InvalidRequestError(f"Expected {kind} to get a name or an ARN, but found {name!r}.")
        if request.transform not in _TRANSFORMS:
            raise InvalidRequestError(
                f"Expected {kind} of {name!r} to have the transform 'json', 'binary', 'auto' or None, but "
                f"found {request.transform!r}."
            )
        operation = _SECRET
        if isinstance(request, GetParameter):
            # In the target, since Powertools' cache makes no difference between a decrypted value and an encrypted one.
            operation = Operation("ssm", "GetParameter", request.decrypt, reads=True)
        return (Entry(operation, request, key=(name, request.transform, request.max_age)),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Return the cached value, or make the call and keep what it answers."""
        return [_value(self._provider(entry.operation), entry.payload) for entry in entries]

    def _provider(self, operation: Operation) -> Any:
        client = self.clients.client_for(operation)
        known = (operation.service, operation.target, operation.region_name, operation.role_arn)
        provider = self._providers.get(known)
        # Two threads may make one at a time; the value that one of them got is then asked for once more.
        if provider is None or provider.client is not client:
            made = _provider_of(operation.service, client)
            if provider is not None:  # the old client was closed, but what it got is as good as before
                made.store = provider.store
            provider = self._providers[known] = made
        return provider


def _provider_of(service: str, client: Any) -> Any:
    # Imported here: it brings boto3 with it.
    from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider

    kind: Any = SSMProvider if service == "ssm" else SecretsProvider

    class Provider(kind):  # type: ignore[misc]
        def _get(self, name: str, **options: Any) -> Any:
            # Before it gets into the cache, for minutes.
            try:
                value = super()._get(name, **options)
            except (LookupError, TypeError):
                value = None
            if not isinstance(value, str | bytes):
                raise missing_response(service, f"the value of {name!r}", value)
            return value

    return Provider(boto3_client=client)


def _value(provider: Any, request: GetParameter | GetSecret) -> Any:
    from aws_lambda_powertools.utilities.parameters import GetParameterError

    options = {"decrypt": request.decrypt} if isinstance(request, GetParameter) else {}
    # Another request may have left a value in the cache, but this one wants what is there now.
    is_fresh = request.max_age is not None and request.max_age <= 0
    try:
        return provider.get(
            request.name, max_age=request.max_age, transform=request.transform, force_fetch=is_fresh, **options
        )
    except GetParameterError as error:
        # Powertools keeps the text only, but boto3's code says whether an error passes.
        raise (error.__cause__ or error.__context__ or error) from None


CONNECTOR = ParametersConnector
