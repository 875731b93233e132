from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import ClaimChecks, RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:publisher]
@rules.register(task, event_type="report-requested", emit="report-made")
def make_report(uow: UnitOfWork) -> dict[str, Any]:
    return {"lines": ["…"] * uow.event["length"]}


checks = ClaimChecks({"shop-claim-checks": "111122223333"}, "shop-claim-checks")


@stream_processor(rules=rules, claim_checks=checks)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:publisher]
