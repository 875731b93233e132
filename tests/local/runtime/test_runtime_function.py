"""Functions in processes of their own, under `awslambdaric` and under what stands in for it on other systems."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.local import Invocation
from powertools_stream.local.runtime import FunctionConfiguration, FunctionError, RuntimeFunction

CODE = """
import os, time

COLD = True


def handler(event, context):
    global COLD
    cold, COLD = COLD, False
    for line in event.get("print", ()):
        print(line)
    time.sleep(event.get("sleep", 0))
    if "signal" in event:
        os.kill(os.getpid(), event["signal"])
    if "exit" in event:
        os._exit(event["exit"])
    if "raise" in event:
        raise ValueError(event["raise"])
    return {
        "cold": cold,
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
        "said": context.client_context and context.client_context.custom,
    }
"""

Make = Callable[..., RuntimeFunction]


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric runs on Linux only")


@pytest.fixture(params=[pytest.param("awslambdaric", marks=LINUX), "stand-in"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    if request.param == "stand-in":
        monkeypatch.setattr("powertools_stream.local.runtime.process.find_spec", lambda name: None)
    (tmp_path / "app.py").write_text(CODE)
    functions: list[RuntimeFunction] = []

    def make(log: Callable[[str, str], object] = lambda name, line: None, **options: Any) -> RuntimeFunction:
        given = {"name": "Listener", "handler": "app.handler", "folder": tmp_path, **options}
        functions.append(RuntimeFunction(FunctionConfiguration(**given), log=log))
        return functions[-1]

    yield make
    for function in functions:
        function.close()


def error_of(invocation: Invocation) -> FunctionError:
    assert isinstance(invocation.error, FunctionError), invocation
    return invocation.error


def test_it_runs_as_in_lambda(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUS_NAME", "of-the-shell")
    function = make(function_name="stack-Listener-1", environment={"TABLE": "orders"}, timeout=20, memory_size=512)

    invocation = function.invoke({"a": 1})

    seen = invocation.response
    assert invocation.error is None
    assert (seen["name"], seen["memory"], seen["request_id"]) == ("stack-Listener-1", "512", invocation.request_id)
    assert seen["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:stack-Listener-1"
    assert 15_000 < seen["left"] <= 20_000
    assert seen["environment"]["TABLE"] == "orders"
    assert seen["environment"]["AWS_LAMBDA_FUNCTION_NAME"] == "stack-Listener-1"
    assert "BUS_NAME" not in seen["environment"], "what the shell has would hide that the template lacks it"


def test_it_is_told_what_is_said_beside_the_event(make: Make) -> None:
    function = make()

    said = [function.invoke({}, context).response["said"] for context in (None, '{"custom": {"a": {"b": 1}}}', "{}")]

    assert said == [None, {"a": {"b": 1}}, None]


def test_a_process_is_kept_for_the_next_invocation(make: Make) -> None:
    function = make()
    first, second = function.invoke({}).response, function.invoke({}).response
    assert (first["cold"], second["cold"]) == (True, False)
    assert first["pid"] == second["pid"]


def test_an_error_of_the_handler(make: Make) -> None:
    function = make()
    pid = function.invoke({}).response["pid"]

    error = error_of(function.invoke({"raise": "bad"}))

    assert (error.error_type, error.message) == ("ValueError", "bad")
    assert "app.py" in "".join(error.stack)
    assert function.invoke({}).response["pid"] == pid


def test_a_process_that_takes_too_long_is_ended_and_replaced(make: Make) -> None:
    function = make(timeout=0.5)
    pid = function.invoke({}).response["pid"]

    error = error_of(function.invoke({"sleep": 60}))

    assert str(error) == "Sandbox.Timedout: Task timed out after 0.50 seconds"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert function.invoke({}).response["cold"]


def test_a_process_that_ends_is_replaced(make: Make) -> None:
    function = make()
    assert str(error_of(function.invoke({"exit": 3}))) == "Runtime.ExitError: Runtime exited with error: exit status 3"
    assert function.invoke({}).response["cold"]


def test_a_process_that_is_killed_says_by_what(make: Make) -> None:
    function = make()
    assert str(error_of(function.invoke({"signal": 11}))) == (
        "Runtime.ExitError: Runtime exited with error: signal: segmentation fault"
    )


def test_a_process_that_ended_between_two_invocations_costs_none_of_them(make: Make) -> None:
    function = make()
    os.kill(function.invoke({}).response["pid"], 9)
    time.sleep(0.2)
    assert function.invoke({}).response["cold"]


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [("missing.handler", "Runtime.ImportModuleError"), ("app.hanlder", "Runtime.HandlerNotFound")],
)
def test_a_handler_that_cannot_be_imported(make: Make, handler: str, error_type: str) -> None:
    function = make(handler=handler)
    assert [error_of(function.invoke({})).error_type for _ in range(2)] == [error_type, error_type]


def test_what_it_prints_is_its_log(make: Make) -> None:
    lines: list[tuple[str, str]] = []
    function = make(log=lambda name, line: lines.append((name, line)))

    function.invoke({"print": ["one", "größer"]})

    until(lambda: len(lines) == 2)
    assert lines == [("Listener", "one"), ("Listener", "größer")]


def test_concurrent_invocations_have_a_process_each_up_to_the_limit(make: Make) -> None:
    function = make(max_concurrency=2)
    pids: list[int] = []
    threads = [
        threading.Thread(target=lambda: pids.append(function.invoke({"sleep": 0.3}).response["pid"])) for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    until(lambda: function.running == 4)
    for thread in threads:
        thread.join()

    assert len(pids) == 4
    assert len(set(pids)) == 2
    assert function.running == 0


def test_with_no_reserved_concurrency_it_never_runs(make: Make) -> None:
    assert error_of(make(max_concurrency=0).invoke({})).error_type == "TooManyRequestsException"


def test_after_a_reload_the_code_is_imported_anew(make: Make, tmp_path: Path) -> None:
    function = make()
    function.invoke({})
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 'new'\n")
    os.utime(tmp_path / "app.py", (1, 1))  # the compiled one is by time and size

    function.reload()

    assert function.invoke({}).response == "new"


def test_an_invocation_under_way_ends_with_the_code_that_it_began_with(make: Make) -> None:
    function = make()
    invocations: list[Invocation] = []
    thread = threading.Thread(target=lambda: invocations.append(function.invoke({"sleep": 0.5})))
    thread.start()
    time.sleep(0.3)

    function.reload()
    thread.join()

    assert invocations[0].error is None
    assert function.invoke({}).response["pid"] != invocations[0].response["pid"]


def test_closing_ends_what_is_under_way(make: Make) -> None:
    function = make(timeout=60)
    pid = function.invoke({}).response["pid"]
    invocations: list[Invocation] = []
    thread = threading.Thread(target=lambda: invocations.append(function.invoke({"sleep": 60})))
    thread.start()
    until(lambda: function.running == 1)
    time.sleep(0.1)

    function.close()
    thread.join(timeout=5)

    assert error_of(invocations[0]).error_type == "Runtime.ExitError"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert error_of(function.invoke({})).error_type == "Local.Stopped"


def until(holds: Callable[[], bool], seconds: float = 5) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)
