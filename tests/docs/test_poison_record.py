from __future__ import annotations

from pathlib import Path

import pytest

from docs.examples.operations.poison_record import life

PRINTED = Path(life.__file__).with_name("life.txt")


def test_the_page_shows_what_the_life_of_a_poison_record_prints(capsys: pytest.CaptureFixture[str]) -> None:
    life.main()

    assert capsys.readouterr().out == PRINTED.read_text(encoding="utf-8")
