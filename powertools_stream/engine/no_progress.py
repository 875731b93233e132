"""Stands in for the progress of a batch where nobody keeps checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.engine.batch import Done, Failure, RecordState, RuleRun
    from powertools_stream.rules.compiled import CompiledRule
    from powertools_stream.uow import UnitOfWork

__all__ = ["NO_PROGRESS", "NoProgress"]


class NoProgress:
    """Takes everything that `Progress` is told, and knows nothing: no rule is done, and nothing is saved."""

    is_kept = False
    resumes = False
    may_resume = False

    def load(self) -> Generator[Any, Any, None]:
        """Ask nobody."""
        yield from ()

    def turn_to(self, state: RecordState, index: int = -1, event: Mapping[str, Any] | None = None) -> None:
        """Do nothing."""

    def is_done(self, rule: CompiledRule) -> bool:
        """Tell that a rule is to be run."""
        return False

    def begin(self, uow: UnitOfWork) -> None:
        """Do nothing."""

    def done(self, run: RuleRun) -> None:
        """Do nothing."""

    def straight_notes(self, results: list[Done] | None) -> None:
        """Return None: nothing has to be noted."""

    def catch_up(self, results: Sequence[Done]) -> None:
        """Do nothing."""

    def failed(self, uow: UnitOfWork, failure: Failure) -> None:
        """Do nothing."""

    def unread(self, failure: Failure) -> None:
        """Do nothing."""

    def save(self, is_set_aside: Callable[[Failure], bool]) -> Generator[Any, Any, None]:
        """Save nothing."""
        yield from ()


NO_PROGRESS = NoProgress()
"""The only one that is needed."""
