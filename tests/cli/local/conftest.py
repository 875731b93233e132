from __future__ import annotations

from collections.abc import Iterator

import pytest

from powertools_stream.local.emulator import Emulator


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Start MiniStack, once. The first time ever, it is installed."""
    with Emulator() as emulator:
        yield emulator
