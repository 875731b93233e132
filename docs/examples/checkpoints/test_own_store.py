from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from docs.examples.checkpoints.own_store import FileCheckpointStore
from powertools_stream import UnitOfWork
from powertools_stream.testing import run, to_sqs_records


def test_checkpoints_are_kept_in_files() -> None:
    ran: list[str] = []

    def fails_once(uow: UnitOfWork, rule: object) -> None:
        ran.append("fails_once")
        if ran.count("fails_once") == 1:
            raise ValueError("once")

    rules = [
        {"id": "done", "flavor": lambda uow, rule: ran.append("done")},
        {"id": "fails_once", "flavor": fails_once},
    ]

    with TemporaryDirectory() as folder:
        for receive_count in (1, 2):
            event = to_sqs_records(
                [{"body": {"id": "1"}, "receive_count": receive_count}]
            )
            run(rules, event, checkpoint=FileCheckpointStore(Path(folder)))

    assert ran == ["done", "fails_once", "fails_once"]
