"""Rules for cfn-lint: ``cfn-lint -a powertools_stream.cli.check.rules template.yaml``, or in an editor.

cfn-lint takes each class of this module that is a rule.
"""

from __future__ import annotations

from powertools_stream.cli.check.rules.environments import FaultsNotKept, NotGranted
from powertools_stream.cli.check.rules.functions import NoFailureDestination, ShortTimeout
from powertools_stream.cli.check.rules.mappings import NoDestination, NoPartialResponse, UnlimitedRetries
from powertools_stream.cli.check.rules.queues import FewReceives, NoDeadLetterQueue, ShortVisibility

__all__ = [
    "FaultsNotKept",
    "FewReceives",
    "NoDeadLetterQueue",
    "NoDestination",
    "NoFailureDestination",
    "NoPartialResponse",
    "NotGranted",
    "ShortTimeout",
    "ShortVisibility",
    "UnlimitedRetries",
]
