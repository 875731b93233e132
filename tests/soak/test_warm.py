from __future__ import annotations

import pytest

from tests.soak.warm import Sample, growth, warm_invocations


@pytest.mark.slow
def test_nothing_grows_while_calls_fail_and_are_abandoned() -> None:
    samples = list(warm_invocations(480, samples=12))

    assert samples[-1].invocations == 480
    assert growth(samples) == []


def test_what_grows_is_found() -> None:
    samples = [Sample(100 * n, 70_000 + 2_000 * n, 8, 10 + 3 * n, 2) for n in range(1, 9)]

    assert growth(samples) == ["memory: from 74000 to 86000", "sockets: from 16 to 34"]
