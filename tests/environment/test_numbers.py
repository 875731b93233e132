from __future__ import annotations

import pytest

from powertools_stream.environment.settings import number
from powertools_stream.errors import SettingError


def test_a_number_with_a_fraction_is_the_one_given_then_that_of_the_environment_then_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert number(None, "A", "B", default=33) == 33

    monkeypatch.setenv("B", "0.5")
    assert number(None, "A", "B", default=33) == 0.5
    assert number(7, "A", "B", default=33) == 7


@pytest.mark.parametrize("value", ["a month", "nan", "inf"])
def test_what_is_no_finite_number_is_a_setting_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("A", value)

    with pytest.raises(SettingError, match=f"Expected A to be a number of days, but found '{value}'"):
        number(None, "A", default=33, what="a number of days")
