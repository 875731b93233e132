from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from powertools_stream.local.forwarding import ForwardingServer
from powertools_stream.local.runtime import FunctionConfiguration, RuntimeFunction
from powertools_stream.local.stack.functions import forwarder

CODE = """
def handler(event, context):
    if event.get("bad"):
        raise ValueError("bad")
    given = context.client_context
    return {"got": event, **({"custom": given.custom} if given else {})}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("function")
    (folder / "app.py").write_text(CODE)
    function = RuntimeFunction(FunctionConfiguration("Listener", "app.handler", folder))
    with ForwardingServer() as server:
        server.functions = {"Listener": function}
        yield server.url
    function.close()


def forwarded(url: str, event: Any, monkeypatch: pytest.MonkeyPatch, context: Any = None) -> Any:
    """Run what other emulators than MiniStack run in the place of the function."""
    properties = forwarder({}, url)
    for name, value in properties["Environment"]["Variables"].items():
        monkeypatch.setenv(name, value)
    scope: dict[str, Any] = {}
    exec(properties["Code"]["ZipFile"], scope)
    return scope["handler"](event, context)


def test_an_event_gets_the_response_of_its_function(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forwarded(f"{url}/Listener", {"a": "ü"}, monkeypatch) == {"got": {"a": "ü"}}


def test_the_client_context_comes_with_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    context = SimpleNamespace(client_context=SimpleNamespace(custom={"a": "ü"}, env=None))
    assert forwarded(f"{url}/Listener", {}, monkeypatch, context) == {"got": {}, "custom": {"a": "ü"}}


def test_several_at_a_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    responses: list[Any] = []
    threads = [
        threading.Thread(target=lambda n=n: responses.append(forwarded(f"{url}/Listener", {"n": n}, monkeypatch)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(response["got"]["n"] for response in responses) == list(range(8))


def test_an_error_of_the_function_is_one_of_the_forwarder(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError) as raised:
        forwarded(f"{url}/Listener", {"bad": True}, monkeypatch)
    payload = json.loads(str(raised.value))
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "bad")


def test_a_function_that_does_not_run_here(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="does not run here"):
        forwarded(f"{url}/Other", {}, monkeypatch)


def test_what_a_function_keeps_in_the_emulator() -> None:
    letters = {"TargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}}
    own = {"FunctionName": "named", "DeadLetterConfig": letters, "Timeout": 3, "Layers": ["arn"], "Handler": "x.y"}
    properties = forwarder(own, "http://url")
    assert (properties["FunctionName"], properties["DeadLetterConfig"]) == ("named", letters)
    assert (properties["Timeout"], properties["Handler"]) == (900, "index.handler")
    assert "Layers" not in properties
