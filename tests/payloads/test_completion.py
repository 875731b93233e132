from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.payloads.completion import complete


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-01-01T10:00:00Z", 1767261600000),
        ("2026-01-01T10:00:00.500+02:00", 1767254400500),
        (1767261600000, 1767261600000),
        (None, 42),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_a_timestamp_in_iso_8601_becomes_ms(given: Any, expected: Any) -> None:
    assert complete({"timestamp": given}, "1", 42, None)["timestamp"] == expected
