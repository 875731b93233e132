"""Measures cases in turn, round after round, so that any other load on the machine affects all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.cases import Case

__all__ = ["Effort", "Medians", "Sample", "medians"]

Sample = Callable[[Case], float]
"""Measures a case once."""

Medians = dict[Case, float]


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Parameters
    ----------
    sizes
        Batch sizes of the part without I/O.
    records
        The minimum number of records in a sample of that part: small batches are run several times.
    max_copies
        aws-lambda-stream copies the batch for every rule; with more copies than this it takes minutes, and is left out.
    rounds
        The maximum number of measurements of a case.
    seconds
        A case that has taken this long is not measured again, after a minimum of three times.
    emits
        Batch sizes of the jobs that emit events.
    writes
        Batch sizes of the jobs that write to a table.
    flavored
        The batch size of the flavors.
    sent
        Batch sizes of the sinks.
    imports
        The number of measurements of each import.
    first
        Batch sizes of cold starts.
    repeated
        How often a call is made in a sample.
    """

    sizes: Sequence[int] = (10, 100, 1_000, 10_000)
    records: int = 500
    max_copies: int = 10_000
    rounds: int = 25
    seconds: float = 1.0
    emits: Sequence[int] = (100, 1_000)
    writes: Sequence[int] = (100,)
    flavored: int = 100
    sent: Sequence[int] = (100, 1_000)
    imports: int = 21
    first: Sequence[int] = (10, 100)
    repeated: int = 200


def medians(cases: Sequence[Case], sample: Sample, effort: Effort) -> Medians:
    """Return the median of each case, after a first sample that is discarded."""
    samples: dict[Case, list[float]] = {case: [] for case in cases}
    spent = dict.fromkeys(cases, 0.0)
    for case in cases:
        sample(case)
    least = min(3, effort.rounds)
    for n in range(effort.rounds):
        due = [case for case in cases if n < least or spent[case] < effort.seconds]
        # Each round starts with another case, so that no case always follows the same one.
        for case in due[n % len(due) :] + due[: n % len(due)] if due else ():
            started = time.monotonic()
            samples[case].append(sample(case))
            spent[case] += time.monotonic() - started
    return {case: median(values) for case, values in samples.items()}
