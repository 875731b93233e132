from __future__ import annotations

import json
from pathlib import Path

import pytest

from powertools_stream.templates import TemplateError, read_template
from powertools_stream.templates.reading import template_paths

QUEUE = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_short_forms_are_read_in_their_long_form(tmp_path: Path) -> None:
    path = write(tmp_path / "any.yaml", "Resources: {A: {Type: T, Properties: {B: !GetAtt C.Arn, D: !Ref E}}}")
    assert read_template(path).resources["A"]["Properties"] == {"B": {"Fn::GetAtt": ["C", "Arn"]}, "D": {"Ref": "E"}}


def test_json_is_read_too(tmp_path: Path) -> None:
    assert read_template(write(tmp_path / "any.json", json.dumps(QUEUE))).resources == QUEUE["Resources"]


@pytest.mark.parametrize("name", ["template.yaml", "template.yml", "template.json"])
def test_a_directory_stands_for_its_template(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, json.dumps(QUEUE))
    assert read_template(tmp_path).path == path


LOOP = """\
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Resources:
  Fn::ForEach::Queues:
    - Name
    - [Orders, Payments]
    - ${Name}Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "x-${Name}"}}
"""


def test_loops_are_written_out(tmp_path: Path) -> None:
    template = read_template(write(tmp_path / "any.yaml", LOOP))
    assert list(template.resources) == ["OrdersQueue", "PaymentsQueue"]
    assert template.is_sam


def test_a_loop_that_cannot_be_written_out(tmp_path: Path) -> None:
    path = write(tmp_path / "any.yaml", LOOP.replace("[Orders, Payments]", "5"))
    with pytest.raises(TemplateError, match=r"any\.yaml: "):
        read_template(path)


def assembly(directory: Path, *stacks: str) -> Path:
    artifacts = {
        name: {"type": "aws:cloudformation:stack", "properties": {"templateFile": f"{name}.template.json"}}
        for name in stacks
    }
    for name in stacks:
        write(directory / f"{name}.template.json", json.dumps(QUEUE))
    write(directory / "manifest.json", json.dumps({"artifacts": {**artifacts, "Tree": {"type": "cdk:tree"}}}))
    return directory


def test_what_cdk_synth_writes_is_read(tmp_path: Path) -> None:
    out = assembly(tmp_path / "cdk.out", "Shop")
    assert read_template(out) == read_template(tmp_path)
    assert read_template(out).path.name == "Shop.template.json"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Resources: [", r"bad.yaml:\d+:\d+: "),
        ("{", r"bad.yaml:\d+:\d+: "),
        ("", "Expected a template with Resources, found none in"),
        ("[]", "Expected a template with Resources, found none in"),
        ("Resources: {A: 5}", "Expected a resource with a Type, found none in .*: Resources/A"),
        ("Resources: {A: {Type: 5}}", "Expected a resource with a Type, found none in .*: Resources/A"),
    ],
)
def test_a_template_that_cannot_be_read(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path / "bad.yaml", text)
    with pytest.raises(TemplateError, match=says) as raised:
        read_template(path)
    assert "\n" not in str(raised.value)


def test_other_bytes_than_utf_8(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateError, match=r"found other bytes in .*bad\.yaml: invalid start byte\."):
        read_template(tmp_path / "bad.yaml")


def test_a_path_without_a_template(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"found no file .*nowhere\.yaml"):
        read_template(tmp_path / "nowhere.yaml")
    with pytest.raises(TemplateError, match=r"found none of template\.yaml"):
        read_template(tmp_path)


def test_the_working_directory_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TemplateError, match=r"cdk\.out in this directory\.$"):
        read_template(Path())


def test_a_file_of_another_directory_is_named_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "broken.yaml").write_text("Resources: {")
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(TemplateError, match=r"^\.\./broken\.yaml:"):
        read_template(Path("../broken.yaml"))


def test_of_several_stacks_one_is_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"found One\.template\.json, Two\.template\.json: name one"):
        read_template(assembly(tmp_path, "One", "Two"))


def test_an_assembly_without_stacks(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="Expected stacks"):
        read_template(assembly(tmp_path))


@pytest.mark.parametrize("text", ["{", "[]"])
def test_an_assembly_that_is_broken(tmp_path: Path, text: str) -> None:
    write(tmp_path / "manifest.json", text)
    with pytest.raises(TemplateError, match=r"Cannot read .*manifest\.json"):
        template_paths(tmp_path)


def test_the_stages_of_an_assembly_are_assemblies(tmp_path: Path) -> None:
    prod = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-prod"}}
    write(tmp_path / "manifest.json", json.dumps({"artifacts": {"prod": prod}}))
    assembly(tmp_path / "assembly-prod", "Shop")
    assert template_paths(tmp_path) == [tmp_path / "assembly-prod" / "Shop.template.json"]
