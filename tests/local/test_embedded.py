from __future__ import annotations

import os
import subprocess
import sys

import pytest

from powertools_stream.local import EmbeddedAWS

WITHOUT_MOTO = """
import sys
sys.modules["moto"] = sys.modules["moto.server"] = None
from powertools_stream.local import EmbeddedAWS
try:
    with EmbeddedAWS():
        pass
except ModuleNotFoundError as error:
    print(error)
"""


def test_clients_that_are_made_inside_reach_it_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    with EmbeddedAWS(region="eu-central-1") as aws:
        url = aws.client("sqs").create_queue(QueueName="orders")["QueueUrl"]

    assert url.startswith(aws.url)


def test_the_environment_is_afterwards_as_it_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    before = dict(os.environ)

    with EmbeddedAWS() as aws:
        inside = dict(os.environ)

    assert (inside["AWS_ENDPOINT_URL"], inside["AWS_REGION"]) == (aws.url, "us-east-1")
    assert "AWS_PROFILE" not in inside
    assert dict(os.environ) == before


def test_it_begins_empty_and_can_be_emptied() -> None:
    with EmbeddedAWS() as aws:
        aws.client("sqs").create_queue(QueueName="orders")
    with EmbeddedAWS() as aws:
        sqs = aws.client("sqs")
        assert "QueueUrls" not in sqs.list_queues()

        sqs.create_queue(QueueName="orders")
        aws.reset()
        assert "QueueUrls" not in sqs.list_queues()


def test_without_moto_it_says_what_to_install() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT_MOTO], capture_output=True, text=True, check=True)

    assert "pip install 'powertools-stream[local]'" in run.stdout
