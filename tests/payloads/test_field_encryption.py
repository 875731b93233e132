"""The envelope is that of aws-lambda-stream, byte for byte: each reads what the other has encrypted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from powertools_stream import FieldEncryption, RuleRegistry, StreamProcessor
from powertools_stream.errors import RuleError, SettingError
from powertools_stream.flavors import task
from powertools_stream.payloads.field_encryption import DataKey, DecryptionError, envelope_of

SCRIPT = Path(__file__).with_name("crypto_js.js")
EVENT = {"id": "1", "email": "ann@example.com", "deep": [{"card": {"n": 4111, "e": "12E3"}}], "n": None, "x": "é😀"}
FIELDS = ("email", "card", "n", "x")
EEM = {"dataKeys": {"eu-central-1": "ZW5j"}, "masterKeyAlias": "alias/a", "fields": [*FIELDS]}

# What aws-kms-ee 1.0.3 with crypto-js 4.2.0 has made of EVENT in Node 20, with keys of which much, some and all is no
# UTF-8: `email`, `card`, `x`.
FROM_NODE = {
    "0NHS09TV1tfY2drb3N3e3+Dh4uPk5ebn6Onq6+zt7u8=": (
        "U2FsdGVkX1/UWBHgmKtEm1Nwi+q79dqqkU3PoaDD4CWwTGaahB85oB0Z5aJEsWIW",
        "U2FsdGVkX1+/4JtQaSF7fI/0z7ADc5qlc9DP1/azsEBsAeSH7ZDNGJ/e2PmhyTgp",
        "U2FsdGVkX1/OxOi+jKn30k54PwTJTlIAxkToFVQF3zA=",
    ),
    "CzBVep/E6Q4zWH2ix+wRNluApcrvFDleg6jN8hc8YYY=": (
        "U2FsdGVkX1+xlpUokifset1iESdCP22xph+A2aBm0spikoQCUEozGDwY6R0zR8JQ",
        "U2FsdGVkX18Yut2jLfYouuYTweIGqGxKvN2OZPY6WUdifs3h/3tLBIXumYKq8wl7",
        "U2FsdGVkX19vXlZ0t6Y4i395oB515nJ2V9+fm7LtVmY=",
    ),
    "77u/gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5w=": (
        "U2FsdGVkX18Dpurv01cD3ib19gQFL3aKXMF2f7DyUs2h2V+dXu07GWP8/630g5w7",
        "U2FsdGVkX1+zQ6EKx9iLoANXxQMvnrn0UzuW6+/IlC2ywEDQD3Aa4Vrx+KxXXgCu",
        "U2FsdGVkX19Qre8QUnSbgY3eUggoygPT1VkmEoW+9Y4=",
    ),
}
VALUES = ["ann@example.com", "", "12E3", "{x}", '"q"', "é😀\u2028", 12, 1.5, 1e21, True, False, [1, {"a": None}], {}]


def node(mode: str, key: bytes, **given: Any) -> Any:
    if shutil.which("node") is None:
        pytest.skip("there is no Node")
    done = subprocess.run(
        ["node", str(SCRIPT), mode],
        input=json.dumps({"key": b64encode(key).decode(), **given}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ,
    )
    if "Cannot find module 'aws-kms-ee'" in done.stderr:
        pytest.skip("NODE_PATH does not lead to aws-kms-ee")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def key_of(plaintext: bytes) -> DataKey:
    return DataKey(plaintext, {"eu-central-1": "ZW5j"})


def decrypted(event: dict[str, Any], plaintext: bytes) -> dict[str, Any]:
    found = envelope_of(event)
    assert found is not None
    return found.decrypted(plaintext)


KEYS = [*map(b64decode, FROM_NODE), *(os.urandom(32) for _ in range(3))]


@pytest.mark.parametrize("key", FROM_NODE)
def test_what_the_javascript_library_has_encrypted_is_read(key: str) -> None:
    email, card, x = FROM_NODE[key]
    event = {"id": "1", "email": email, "deep": [{"card": card}], "n": None, "x": x, "eem": EEM}

    assert decrypted(event, b64decode(key)) == EVENT


def test_the_envelope_is_the_one_that_the_javascript_library_makes() -> None:
    made = key_of(KEYS[0]).encrypted(EVENT, FieldEncryption(FIELDS, "alias/a"))

    assert list(made) == [*EVENT, "eem"]
    assert json.dumps(made["eem"]) == json.dumps(EEM)
    assert (made["id"], made["n"]) == ("1", None)
    assert decrypted(made, KEYS[0]) == EVENT


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_node_decrypts_what_is_encrypted_here_and_the_other_way_round(key: bytes) -> None:
    ours = [key_of(key).ciphertext(value) for value in VALUES]
    theirs = node("encrypt", key, values=VALUES)

    assert node("decrypt", key, values=ours) == VALUES
    assert [decrypted({"email": one, "eem": EEM}, key)["email"] for one in theirs] == VALUES


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_aws_kms_ee_decrypts_what_is_encrypted_here_and_the_other_way_round(key: bytes) -> None:
    event = {**EVENT, "list": [{"email": value} for value in VALUES]}

    theirs = node("library", key, object=event, fields=FIELDS)

    assert node("library", key, object=key_of(key).encrypted(event, FieldEncryption(FIELDS, "alias/a"))) == event
    assert decrypted(theirs, key) == event
    assert theirs["eem"] == EEM


@pytest.mark.parametrize(
    "text",
    [*("", "no base64!", "AAAA", b64encode(b"Salted__12345678").decode()), 7, b64encode(b"Salted__" + bytes(40))],
)
def test_a_field_that_is_no_ciphertext_is_an_error_that_does_not_show_it(text: Any) -> None:
    with pytest.raises(DecryptionError, match="Expected"):
        decrypted({"email": text, "eem": EEM}, KEYS[0])


def test_another_key_is_an_error() -> None:
    refused = 0
    for _ in range(20):
        made = key_of(KEYS[0]).encrypted({"email": "ann@example.com"}, FieldEncryption(FIELDS, "alias/a"))
        try:
            assert decrypted(made, os.urandom(32)) != {"email": "ann@example.com"}
        except DecryptionError:
            refused += 1
    assert refused > 15  # by chance, one in 256 has padding that looks right


@pytest.mark.parametrize(
    "eem",
    [
        {"dataKeys": {}, "fields": []},
        {"dataKeys": {"eu-west-1": "AAAA"}},
        {"dataKeys": {"x.evil.example/": "AAAA"}, "fields": []},
        {"dataKeys": {"eu-west-1": "no base64!"}, "fields": []},
        {"dataKeys": {f"eu-west-{n}": "AAAA" for n in range(20)}, "fields": []},
    ],
)
def test_a_broken_envelope_is_an_error(eem: Any) -> None:
    with pytest.raises(DecryptionError):
        envelope_of({"eem": eem})


@pytest.mark.parametrize("value", [{}, {"eem": "text"}, {"eem": {"of": "another"}}, "text", None, []])
def test_what_has_no_envelope_is_left_alone(value: Any) -> None:
    assert envelope_of(value) is None


def test_the_regions_own_data_key_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    eem = {"dataKeys": {"us-east-1": "AAAA", "eu-west-1": "BBBB"}, "fields": []}
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    found = envelope_of({"eem": eem})

    assert found is not None
    assert list(found.data_keys) == ["eu-west-1", "us-east-1"]


def test_key_and_regions_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_KEY_ALIAS", "alias/b")
    monkeypatch.setenv("KMS_REGIONS", "eu-central-1, us-east-1,")

    assert FieldEncryption(("email",)).key == "alias/b"
    assert FieldEncryption(("email",)).other_regions == ("us-east-1",)
    assert FieldEncryption(("email",), regions=()).other_regions == ()


def test_without_a_key_it_says_what_to_set() -> None:
    with pytest.raises(SettingError, match="MASTER_KEY_ALIAS"):
        _ = FieldEncryption(("email",)).key


def test_a_data_key_does_not_show_itself() -> None:
    assert repr(key_of(KEYS[0])) == "DataKey(eu-central-1)"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"fields": "email"}, "texts in a tuple, but found 'email'"),
        ({"fields": ["email", "id"]}, "fields with data, but found id"),
        ({"fields": ["email"], "regions": ["Europe"]}, "name of a Region, such as 'eu-west-1', but found 'Europe'"),
        ({"field": ["email"]}, "unexpected keyword argument 'field'"),
    ],
)
def test_mistakes_are_told_at_import(given: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        StreamProcessor(rules=[], encrypt=given)
    with pytest.raises(RuleError, match=says):
        RuleRegistry().add(id="r", flavor=task, event_type="x", execute=lambda uow: None, encrypt=given)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)

    with pytest.raises(SettingError, match=r"powertools-stream\[encryption\]"):
        FieldEncryption(("email",))
