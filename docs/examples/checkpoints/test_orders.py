from __future__ import annotations

from docs.examples.checkpoints.orders import labels, mails, rules
from powertools_stream.checkpoints import InMemoryCheckpointStore
from powertools_stream.testing import run, to_sqs_records


def test_a_label_is_printed_once_however_often_the_mail_fails() -> None:
    labels.clear()
    mails.clear()
    store = InMemoryCheckpointStore()
    order = {"id": "o-1", "type": "order-paid", "customer": {}}

    for receive_count in (1, 2):
        run(
            rules,
            to_sqs_records([{"body": order, "receive_count": receive_count}]),
            checkpoint=store,
        )
    order["customer"] = {"email": "ada@example.com"}
    outcome = run(
        rules, to_sqs_records([{"body": order, "receive_count": 3}]), checkpoint=store
    )

    assert outcome.response == {"batchItemFailures": []}
    assert labels == ["o-1"]
    assert mails == ["ada@example.com"]
