"""Makes the processor of a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from powertools_stream import FaultPolicy, RetryPolicy, StreamProcessor
from powertools_stream.checkpoints import Checkpoint, InMemoryCheckpointStore
from powertools_stream.payloads.compression import Compression
from tests.soak.program import Program

__all__ = ["make_processor", "read_descriptions"]

_LOADER: list[Any] = []


def make_processor(program: Program, rules: Sequence[dict[str, Any]]) -> StreamProcessor:
    """Return a processor with the options of a program."""
    options = program.options
    more: dict[str, Any] = {}
    if options.compressed:
        more["compression"] = Compression(threshold=200)
    if options.observer is not None:
        more["observers"] = [_FailingObserver()]
    if options.retryable is not None:
        more["retryable"] = _fail_to_tell
    if options.checkpoint is not None:
        more["checkpoint"] = _Store(program.seed, 0.3 if options.checkpoint == "forgets" else 0.0)
    return StreamProcessor(
        rules=rules,
        on_fault=FaultPolicy(options.on_fault),
        bus_name=options.bus,
        fault_bus_name=options.fault_bus,
        raise_on_entire_batch_failure=options.raise_on_entire_batch_failure,
        skip_group_on_error=options.skip_group_on_error,
        max_workers=options.max_workers,
        retry=RetryPolicy(max_attempts=options.max_attempts, base_delay=0.002),
        keep_results=options.keep_results,
        timeout_margin=options.timeout_margin,
        boto3_session=_session(),
        boto_config=_boto_config(program),
        **more,
    )


class _Store(InMemoryCheckpointStore):
    """Forgets, and fails, as often as it is told to."""

    def __init__(self, seed: int, loss: float) -> None:
        super().__init__()
        self._random = Random(seed)
        self._loss = loss

    def load_many(self, keys: Sequence[str]) -> Mapping[str, str]:
        if self._random.random() < self._loss:
            self.forget()
        return super().load_many(keys)

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> None:
        if self._random.random() < self._loss:
            raise OSError("the store is away")
        super().save_many(checkpoints)


class _FailingObserver:
    def on_call(self, details: Any) -> None:
        raise ValueError("an observer that fails")

    def on_record_failed(self, details: Any) -> None:
        raise ValueError("an observer that fails")


def _fail_to_tell(error: BaseException) -> bool:
    raise ValueError("a predicate that fails")


# -- boto3 -------------------------------------------------------------------------------------------------------------


def read_descriptions() -> Any:
    """Return what reads the descriptions of services, with these in memory: reading them takes a tenth of a second."""
    if not _LOADER:
        import botocore.session

        _LOADER.append(botocore.session.Session().get_component("data_loader"))
    return _LOADER[0]


def _session() -> Any:
    import boto3
    import botocore.session

    session = botocore.session.Session()
    session.register_component("data_loader", read_descriptions())
    return boto3.Session(botocore_session=session)


def _boto_config(program: Program) -> Any:
    from botocore.config import Config

    # In most programs the invocations have so much time that a call which is not answered ends by its own time-out.
    is_tight = all((invocation.remaining or 30_000) < 1000 for invocation in program.invocations)
    return None if is_tight else Config(read_timeout=0.25)
