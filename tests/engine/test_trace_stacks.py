"""`@tracer.capture_method` on rules of which several are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from aws_lambda_powertools import Tracer

from powertools_stream import RuleRegistry
from powertools_stream.flavors import task
from powertools_stream.requests import Call, PutEvent
from powertools_stream.testing import run, to_sqs_records

core = pytest.importorskip("aws_xray_sdk.core")
EVENT = to_sqs_records([{"id": str(n), "type": "x"} for n in range(4)])


@pytest.fixture
def sent() -> list[Any]:
    """Give the subsegments that were sent: Powertools has each sent once it has ended."""
    return []


@pytest.fixture
def tracer(monkeypatch: pytest.MonkeyPatch, sent: list[Any]) -> Iterator[Tracer]:
    from aws_xray_sdk.core.context import Context
    from aws_xray_sdk.core.emitters import udp_emitter

    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "false")
    monkeypatch.setattr(udp_emitter.UDPEmitter, "send_entity", lambda self, entity: sent.append(entity))
    import_module("aws_xray_sdk").global_sdk_config.set_sdk_enabled(True)
    Tracer._reset_config()  # type: ignore[no-untyped-call] # a tracer of another test may have been disabled
    tracer = Tracer(service="orders", disabled=False, auto_patch=False)
    core.xray_recorder.configure(context=Context(), sampling=False, service="orders")
    core.xray_recorder.begin_segment("invocation")
    yield tracer
    core.xray_recorder.clear_trace_entities()
    Tracer._reset_config()  # type: ignore[no-untyped-call]


def _is_put_back() -> bool:
    return [entity.name for entity in core.xray_recorder.context._local.entities] == ["invocation"]


def test_generators_end_their_own_subsegments(tracer: Tracer, sent: list[Any]) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    @tracer.capture_method
    def publish(uow: Any) -> Any:
        yield Call(int)
        tracer.put_annotation("record", uow.event["id"])
        yield PutEvent({"id": uow.event["id"], "type": "y"})
        tracer.put_annotation("done", uow.event["id"])

    outcome = run(rules, EVENT)

    assert not outcome.faults
    assert _is_put_back()
    assert all(one.parent_id == one.parent_segment.id and not one.in_progress for one in sent)
    assert sorted(one.annotations["record"] for one in sent) == ["0", "1", "2", "3"]
    assert all(one.annotations["record"] == one.annotations["done"] for one in sent)


def test_so_do_coroutines(tracer: Tracer, sent: list[Any]) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    @tracer.capture_method
    async def wait(uow: Any) -> None:
        await asyncio.sleep(0.001 * (4 - int(uow.event["id"])))
        tracer.put_annotation("record", uow.event["id"])
        await asyncio.sleep(0.001)

    outcome = run(rules, EVENT)

    assert not outcome.faults
    assert _is_put_back()
    assert sorted(one.annotations["record"] for one in sent) == ["0", "1", "2", "3"]


def test_a_rule_that_fails_in_its_subsegment_leaves_the_others_alone(tracer: Tracer, sent: list[Any]) -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    @tracer.capture_method
    def fail_second(uow: Any) -> Any:
        yield Call(int)
        if uow.event["id"] == "1":
            raise ValueError("mine")

    outcome = run(rules, EVENT)

    assert [type(fault.error) for fault in outcome.faults] == [ValueError]
    assert [getattr(one, "fault", False) for one in sent].count(True) == 1
    assert _is_put_back()


@pytest.mark.parametrize("times", [1, 2], ids=["cold", "warm"])
def test_they_do_so_in_lambda_without_an_open_subsegment(
    tracer: Tracer, sent: list[Any], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aws_xray_sdk.core.lambda_launcher import LambdaContext

    core.xray_recorder.configure(context=LambdaContext())
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    @tracer.capture_method
    def publish(uow: Any) -> Any:
        for _ in range(1 + (uow.event["id"] == "2")):
            yield Call(int)

    @rules.register(task, ordered=False)
    @tracer.capture_method
    async def wait(uow: Any) -> None:
        await asyncio.sleep(0.001 * (4 - int(uow.event["id"])))

    for n in range(times):
        root = f"1-5759e988-bd862e3fe1be46a99427279{n}"
        monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1")
        sent.clear()

        assert not run(rules, EVENT).faults
        assert [one.trace_id for one in sent] == [root] * 8
        assert all(one.parent_id == "53995c3f42cd8ad8" and not one.in_progress for one in sent)
