"""Where nobody keeps checkpoints."""

from __future__ import annotations

import inspect

from powertools_stream.engine.no_progress import NoProgress
from powertools_stream.engine.progress import Progress


def public_names(of: type) -> dict[str, object]:
    names = {name: value for name, value in vars(of).items() if not name.startswith("_")}
    return {
        name: list(inspect.signature(value).parameters) if inspect.isfunction(value) else "a property"
        for name, value in names.items()
    }


def test_the_stand_in_is_told_all_that_progress_is_told() -> None:
    assert public_names(NoProgress) == public_names(Progress)
