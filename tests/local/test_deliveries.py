from __future__ import annotations

from collections import Counter
from typing import Any

from powertools_stream.local import DisorderlyFunction, drain
from powertools_stream.testing import to_dynamodb_records, to_sqs_records


def test_every_record_comes_twice_and_not_in_order() -> None:
    seen: list[str] = []

    def handler(event: dict[str, Any], context: Any) -> None:
        seen.extend(record["messageId"] for record in event["Records"])

    function = DisorderlyFunction(handler, seed=1, name="f")
    ids = []
    for n in range(3):
        event = to_sqs_records([{"body": {"id": str(i)}, "message_id": f"{n}-{i}"} for i in range(5)])
        ids += [record["messageId"] for record in event["Records"]]
        function.invoke(event)
    for _ in drain(function):
        pass

    assert Counter(seen) == dict.fromkeys(ids, 2)
    assert seen != sorted(seen)
    assert function.poll() is None


def test_a_record_that_is_reported_or_whose_batch_fails_comes_again() -> None:
    attempts: Counter[str] = Counter()

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        failures = []
        for record in event["Records"]:
            number = record["dynamodb"]["SequenceNumber"]
            attempts[number] += 1
            if attempts[number] == 1:
                failures.append({"itemIdentifier": number})
        if len(failures) == len(event["Records"]):
            raise RuntimeError("the whole batch")
        return {"batchItemFailures": failures}

    function = DisorderlyFunction(handler, seed=3, name="f")
    invocation = function.invoke(to_dynamodb_records([{"new_image": {"pk": str(n), "sk": "s"}} for n in range(8)]))
    for _ in drain(function):
        pass

    assert invocation.response == {"batchItemFailures": []}
    assert len(attempts) == 8
    assert min(attempts.values()) > 1
