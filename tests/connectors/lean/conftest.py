from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import botocore.handlers
import pytest
from botocore.client import BaseClient
from botocore.endpoint import Endpoint

from powertools_stream.connectors import Clients
from powertools_stream.connectors.lean import calls, response
from tests.connectors.lean.wire import Wire, wire_of


@pytest.fixture
def wire(_descriptions: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Take the place of every host that a client may call."""
    with wire_of(monkeypatch, tmp_path / "bundle.pem") as wire:
        yield wire


@pytest.fixture
def client_of() -> Iterator[Callable[..., Any]]:
    """Make clients that are closed after the test."""
    made: list[Clients] = []

    def client_of(service: str, *, lean: bool = True, session: Any = None, config: Any = None) -> Any:
        made.append(Clients(session, config, lean_calls=lean))
        return made[-1].client(service)

    yield client_of
    for clients in made:
        clients.close()


@pytest.fixture
def lean(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses of the lean calls, as they are made."""
    made: list[str] = []
    exchange = response.exchange

    def counting(pool: Any, url: str, *others: Any) -> Any:
        made.append(url)
        return exchange(pool, url, *others)

    monkeypatch.setattr(calls, "exchange", counting)
    return made


@pytest.fixture(autouse=True)
def _nobody_looks_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what other tests of this process have left in botocore: X-Ray's patches, which stay, and moto's handler.

    All tests may be run with lean calls switched off; these are about lean calls.
    """
    monkeypatch.delenv("POWERTOOLS_STREAM_LEAN_CALLS", raising=False)
    for owner, name in ((BaseClient, "_make_api_call"), (Endpoint, "prepare_request")):
        patched = vars(owner)[name]
        if type(patched) is not FunctionType:
            monkeypatch.setattr(owner, name, patched.__wrapped__)
    own = [each for each in botocore.handlers.BUILTIN_HANDLERS if not type(each[1]).__module__.startswith("moto")]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", own)
