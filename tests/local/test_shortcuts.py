from __future__ import annotations

import sys
import time
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.session import Session

from powertools_stream.local.shortcuts import quicker_moto, shared_descriptions


def test_sessions_share_what_they_have_read_of_a_service() -> None:
    with shared_descriptions():
        first, second = (Session("k", "s", region_name="eu-west-1").client("sqs") for _ in range(2))

    assert first.meta.service_model._service_description is second.meta.service_model._service_description


def test_a_message_is_kept_as_long_as_moto_keeps_it() -> None:
    backend_class: Any = import_module("moto.sqs.models").SQSBackend
    backend = backend_class("eu-west-1", "123456789012")
    backend.create_queue("queue", MessageRetentionPeriod="60")
    ages = [SimpleNamespace(sent_timestamp=(time.time() - age) * 1000) for age in (0, 50, 70)]

    def are_kept() -> list[bool]:
        return [backend.is_message_valid_based_on_retention_period("queue", message) for message in ages]

    theirs = are_kept()
    with quicker_moto():
        ours = are_kept()

    assert ours == theirs == [True, True, False]


@pytest.mark.parametrize(
    ("shortcut", "module", "name"),
    [
        (shared_descriptions, "botocore.session", "create_loader"),
        (quicker_moto, "jsonpath_ng.ext", "parse"),
    ],
)
def test_a_shortcut_ends_where_it_should(shortcut: Any, module: str, name: str) -> None:
    place = import_module(module)
    before = getattr(place, name)

    with shortcut():
        within = getattr(place, name)

    assert within is not before
    assert getattr(place, name) is before


def test_what_there_is_not_needs_no_shortcut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonpath_ng.ext", None)
    monkeypatch.delattr("moto.sqs.models.SQSBackend.is_message_valid_based_on_retention_period")
    backend_class: Any = import_module("moto.sqs.models").SQSBackend

    with quicker_moto():
        assert not hasattr(backend_class, "is_message_valid_based_on_retention_period")
