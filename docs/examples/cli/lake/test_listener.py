from __future__ import annotations

import json
from pathlib import Path

from docs.examples.cli.lake.listener import rules
from powertools_stream.testing import run


# --8<-- [start:test]
def test_an_order_without_an_email_address() -> None:
    record = json.loads(Path(__file__).with_name("no_email.json").read_text())

    outcome = run(rules, {"Records": [record]})

    assert outcome.faults == []


# --8<-- [end:test]
