"""The flavor `firehose_drop`: drops the records that it matches, so that Firehose does not deliver them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict

from powertools_stream.flavors.steps.firehose import DROPPED, check_record
from powertools_stream.rules.rule import Rule, flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["FirehoseDropRule", "firehose_drop"]


class FirehoseDropRule(Rule):
    """A rule of the flavor `firehose_drop`."""

    model_config = ConfigDict(extra="forbid")

    takes_compact: ClassVar[bool] = False
    takes_idempotent: ClassVar[bool] = False


@flavor(model=FirehoseDropRule)
def firehose_drop(uow: UnitOfWork, rule: FirehoseDropRule) -> UnitOfWork:
    """Drop the record. Leaves ``firehose_record``, the answer to Firehose."""
    check_record(uow, rule)
    return uow.extend(firehose_record=DROPPED)
