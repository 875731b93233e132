"""The life of a poison record. Run as a module, it prints what is to be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from docs.examples.operations.poison_record.shop import Shop
from powertools_stream.local import EmbeddedAWS

__all__ = ["live"]

_PACKAGE = "docs.examples.operations.poison_record"


# --8<-- [start:life]
def live(shop: Shop) -> Iterator[tuple[str, list[str]]]:
    """Yield each step by its name, with the lines that it leaves behind."""
    seen = _Seen()
    shop.deploy(f"{_PACKAGE}.listener.handler")
    shop.order(1, email="ada@example.com")
    shop.order(2)  # the customer has no e-mail address
    yield "arrives", seen.in_batch(shop)
    yield "comes-again", seen.in_batch(shop)
    yield "comes-for-the-last-time", seen.in_batch(shop)
    yield "is-given-up-on", seen.in_batch(shop)
    shop.deploy(f"{_PACKAGE}.listener_mended.handler")
    shop.redrive()
    yield "is-redriven", seen.in_batch(shop)


# --8<-- [end:life]


class _Seen:
    """Writes down what a batch leaves behind, without ids and times."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def in_batch(self, shop: Shop) -> list[str]:
        logged = shop.deliver()
        return [
            *self._of_log(logged),
            *(_of_event(event) for event in shop.heard()),
            _of_queues(shop),
        ]

    def _of_log(self, logged: Iterable[dict[str, Any]]) -> Iterator[str]:
        for line in logged:
            if "_aws" in line:
                yield f"metrics  {json.dumps(_counts(line))}"
            elif not line["message"].startswith("StreamProcessor"):
                yield self._of_line(line)

    def _of_line(self, line: dict[str, Any]) -> str:
        text = f"{line['level']:<8} {line['message']}"
        if "rule_id" in line:
            text += (
                f" ({line['rule_id']}, {line['correlation_id']}, {line['record_id']})"
            )
        if record_id := line.get("record_id"):
            text = text.replace(
                record_id,
                self._names.setdefault(record_id, f"message-{len(self._names) + 1}"),
            )
        return re.sub(r"\d+ ms", "… ms", text)


def _counts(metrics: dict[str, Any]) -> dict[str, int]:
    told = metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    return {
        each["Name"]: int(metrics[each["Name"]][0])
        for each in told
        if each["Unit"] == "Count"
    }


def _of_queues(shop: Shop) -> str:
    letters = shop.waiting("dead-letters")
    return f"queues   {shop.waiting('orders')} in orders, {letters} in dead-letters"


def _of_event(event: dict[str, Any]) -> str:
    if event["type"] != "fault":
        return (
            f"bus      {event['type']} for {event['partition_key']}, to {event['to']}"
        )
    told = {
        "pipeline": event["tags"]["pipeline"],
        "error": f"{event['err']['name']}: {event['err']['message']}",
        "disposition": event["disposition"],
        "attempt": event["attempt"],
        "event": event["uow"]["event"]["id"],
    }
    return f"bus      fault for {event['partition_key']}: {json.dumps(told)}"


def main() -> None:
    """Print the life, with marks by which a page of the documentation takes a step."""
    with EmbeddedAWS() as aws:
        for name, lines in live(Shop(aws)):
            print(f"--8<-- [start:{name}]", *lines, f"--8<-- [end:{name}]", sep="\n")


if __name__ == "__main__":
    main()
