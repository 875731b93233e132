from __future__ import annotations

import pytest

from powertools_stream.environment.tags import source_name, standard_tags


def test_what_is_not_known_is_undefined() -> None:
    assert standard_tags("r") == {
        "account": "undefined",
        "region": "eu-central-1",
        "stage": "undefined",
        "source": "undefined",
        "functionname": "undefined",
        "pipeline": "r",
    }


def test_tags_come_from_the_variables_of_powertools_and_of_aws_lambda_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVERLESS_STAGE", "dev")
    monkeypatch.setenv("ACCOUNT_NAME", "sandbox")
    monkeypatch.setenv("APP_NAME", "shop")
    tags = standard_tags("r")
    assert (tags["stage"], tags["account"], tags["app"]) == ("dev", "sandbox", "shop")

    monkeypatch.setenv("STAGE", "prd")
    assert standard_tags("r")["stage"] == "prd"


def test_the_first_name_of_a_service_is_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVERLESS_PROJECT", "PROJECT", "SERVICE", "POWERTOOLS_SERVICE_NAME"):
        monkeypatch.setenv(name, name.lower())

        assert source_name() == standard_tags("r")["source"] == name.lower()
