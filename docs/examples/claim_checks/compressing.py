from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import Compression, RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:compression]
@rules.register(task, event_type="report-requested", emit="report-made")
def make_report(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "title": "2026",
        "lines": ["…"] * uow.event["length"],
        "summary": "…" * uow.event["length"],
    }


# A rule on the bus reads `summary`.
@stream_processor(rules=rules, compression=Compression(ignore=("summary",)))
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:compression]
