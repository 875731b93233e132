from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from powertools_stream.sources import DynamoDBSource
from powertools_stream.testing import to_dynamodb_records
from powertools_stream.uow import UnitOfWork

ChangeOf = Callable[..., UnitOfWork]


@pytest.fixture
def change_of() -> ChangeOf:
    """Make the unit of work of a change of a row, as a rule without a ``prepare`` sees it."""

    def make(new: dict[str, Any] | None, old: dict[str, Any] | None = None, **fields: Any) -> UnitOfWork:
        images = {name: image for name, image in (("new_image", new), ("old_image", old)) if image is not None}
        (record,) = to_dynamodb_records([{**images, **fields}], table="events")["Records"]
        return UnitOfWork(record=record, event=DynamoDBSource().read(record))

    return make
