"""Two hundred random programs; `make soak` runs others for as long as one likes."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.soak.examining import examine
from tests.soak.running import soaking

_PROGRAMS = 200
_AT_A_TIME = 10


@pytest.fixture(autouse=True)
def _unheard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep pytest from keeping what is logged, and with the tracebacks in it the processors and their threads."""
    logger, handler = logging.getLogger("powertools_stream"), logging.NullHandler()
    monkeypatch.setattr(logger, "propagate", False)
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, _PROGRAMS, _AT_A_TIME))
def test_whatever_fails_nothing_is_lost_out_of_order_or_late(first: int) -> None:
    with soaking() as endpoint:
        verdicts = [examine(seed, endpoint) for seed in range(first, first + _AT_A_TIME)]

    failed = [str(verdict) for verdict in verdicts if verdict.violations]
    assert not failed, "\n" + "\n\n".join(failed)
