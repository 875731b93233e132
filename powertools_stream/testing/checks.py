"""What the real connectors check before they send, for tests without AWS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from powertools_stream.connectors.base import Connector, Entry, Operation
from powertools_stream.connectors.offline import NotSentError, OfflineClients
from powertools_stream.connectors.registry import ConnectorRegistry
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.errors import InvalidRequestError, SettingError
from powertools_stream.requests import Request

__all__ = ["Check", "Checks"]


@dataclass(frozen=True, slots=True)
class Check:
    """A request that a connector would send.

    Parameters
    ----------
    connector
        The one that would; None: there is none, so that there is nothing to check.
    entries
        What it makes of the request.
    missing
        The name that is given nowhere, of a table for example. A test may stand in for it with an answer of its own.
    """

    connector: Connector | None = None
    entries: Sequence[Entry] = ()
    missing: SettingError | None = None

    def failure(self) -> BaseException | None:
        """Make the calls up to the point where they would be sent; return the error of the first that fails."""
        if self.connector is None or not getattr(self.connector, "calls_boto3_only", False):
            return None
        errors = (_failure(self.connector, entries) for entries in _calls(self.entries))
        return next((error for error in errors if error is not None), None)


class Checks:
    """The connectors, none of which sends anything.

    Parameters
    ----------
    connectors
        The user's own, which come before the built-in ones.
    bus_name
        The bus of events that name none.
    """

    def __init__(self, connectors: Sequence[Connector] = (), bus_name: str | None = None) -> None:
        self._clients = OfflineClients()
        own = [self._offline(connector) for connector in connectors]
        self._connectors = ConnectorRegistry(self._clients, own, {"eventbridge": {"bus_name": bus_name}})

    def of(self, request: Request) -> Check:
        """Return what would be sent for a request.

        Raises
        ------
        Exception
            What its connector finds wrong with it.
        """
        try:
            connector = self._connectors.connector_for(type(request))
        except InvalidRequestError:
            return Check()
        try:
            return Check(connector, connector.entries(request))
        except SettingError as error:
            named = _named(request, error)
            if named is None:
                raise
            return Check(connector, connector.entries(named), error)

    def _offline(self, connector: Connector) -> Connector:
        """Return a connector that sends nothing, and leave the user's as it is."""
        if not isinstance(connector, ServiceConnector):
            return connector
        offline = copy(connector)
        offline.clients = self._clients
        return offline


def _named(request: Any, error: SettingError) -> Any:
    """Return a request with the name that it lacks, made up, so that the rest of it can be checked."""
    option = error.option
    if option is None or not is_dataclass(request) or option not in {field.name for field in fields(request)}:
        return None
    thing = option.rpartition("_")[0].replace("_", "-")
    return replace(request, **{option: f"test-{thing or option}"})  # type: ignore[type-var]


def _calls(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Yield the entries of each call: as many of an operation as fit."""
    by_operation: dict[Operation, list[Entry]] = {}
    for entry in entries:
        by_operation.setdefault(entry.operation, []).append(entry)
    for operation, of in by_operation.items():
        for start in range(0, len(of), operation.max_entries):
            yield of[start : start + operation.max_entries]


def _failure(connector: Connector, entries: Sequence[Entry]) -> BaseException | None:
    try:
        responses = connector.send(entries)
    except NotSentError:
        return None
    except Exception as error:
        return error
    return next((response for response in responses if isinstance(response, BaseException)), None)
