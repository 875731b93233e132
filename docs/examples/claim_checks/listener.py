from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import ClaimChecks, RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:listener]
@rules.register(
    task, event_type="report-made", filters=[lambda uow: uow.event["lines"]]
)
def count_lines(uow: UnitOfWork) -> int:
    return len(
        uow.event["lines"]
    )  # the whole event, although only a claim check was delivered


# Two services store events for this function, each in a bucket in its own account.
checks = ClaimChecks(
    {"shop-claim-checks": "111122223333", "bank-claim-checks": "444455556666"}
)


@stream_processor(rules=rules, claim_checks=checks)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:listener]
