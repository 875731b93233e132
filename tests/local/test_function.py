from __future__ import annotations

import io
import os
from decimal import Decimal
from typing import Any

import pytest

from powertools_stream.local import LambdaContext, LambdaFunction


def test_a_handler_gets_the_event_through_json_and_answers_through_json() -> None:
    event = {"Records": [{"body": "{}"}]}
    given: list[Any] = []

    def handler(event: dict[str, Any], context: LambdaContext) -> Any:
        given.append(event)
        return {"batchItemFailures": ()}

    invocation = LambdaFunction(handler).invoke(event)

    assert given == [event]
    assert given[0] is not event
    assert invocation.response == {"batchItemFailures": []}
    assert invocation.error is None


def test_what_a_handler_raises_is_the_invocations_error_and_goes_to_the_log() -> None:
    log = io.StringIO()

    def handler(event: Any, context: LambdaContext) -> None:
        print("so far so good")
        raise RuntimeError("no further")

    invocation = LambdaFunction(handler, log=log).invoke({})

    assert isinstance(invocation.error, RuntimeError)
    assert invocation.response is None
    assert "so far so good" in log.getvalue()
    assert "RuntimeError: no further" in log.getvalue()


def test_a_response_that_is_not_json_is_an_error() -> None:
    invocation = LambdaFunction(lambda event, context: {"total": Decimal("1.5")}, log=io.StringIO()).invoke({})

    assert isinstance(invocation.error, TypeError)


def test_an_interrupt_is_not_the_functions_error() -> None:
    def handler(event: Any, context: LambdaContext) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LambdaFunction(handler).invoke({})


def test_the_environment_holds_while_the_function_runs_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "outside")
    monkeypatch.delenv("BUS_NAME", raising=False)
    names = ("STAGE", "BUS_NAME", "AWS_LAMBDA_FUNCTION_NAME")

    def handler(event: Any, context: LambdaContext) -> Any:
        return [os.environ.get(name) for name in names]

    function = LambdaFunction(handler, name="listener", environment={"STAGE": "inside", "BUS_NAME": "orders"})

    assert function.invoke({}).response == ["inside", "orders", "listener"]
    assert [os.environ.get(name) for name in names] == ["outside", None, os.environ.get("AWS_LAMBDA_FUNCTION_NAME")]


def test_the_context_says_who_runs_and_how_long_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    def handler(event: Any, context: LambdaContext) -> Any:
        return {
            "name": context.function_name,
            "arn": context.invoked_function_arn,
            "logs": [context.log_group_name, context.log_stream_name],
            "left": context.get_remaining_time_in_millis(),
            "request_id": context.aws_request_id,
        }

    invocation = LambdaFunction(handler, name="listener", timeout=3).invoke({})

    assert invocation.response == {
        "name": "listener",
        "arn": "arn:aws:lambda:eu-central-1:123456789012:function:listener",
        "logs": ["/aws/lambda/listener", "local/[$LATEST]"],
        "left": pytest.approx(3000, abs=500),
        "request_id": invocation.request_id,
    }


def test_each_invocation_has_a_request_id_of_its_own() -> None:
    function = LambdaFunction(lambda event, context: None)

    assert function.invoke({}).request_id != function.invoke({}).request_id


def test_a_dotted_name_is_imported_anew_inside_the_environment(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cold_start_module.py").write_text(
        "import os\nSTAGE = os.environ['STAGE']\ndef handler(event, context):\n    return STAGE\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    first = LambdaFunction("cold_start_module.handler", environment={"STAGE": "one"})
    second = LambdaFunction("cold_start_module.handler", environment={"STAGE": "two"})

    assert first.name == "cold_start_module"
    assert [first.invoke({}).response, second.invoke({}).response] == ["one", "two"]


def test_a_name_without_a_module_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected a handler such as 'orders\.listener\.handler', found 'handler'"):
        LambdaFunction("handler")
