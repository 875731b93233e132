"""One function and what invokes it, as a template of SAM, of CloudFormation, and as what CDK synthesizes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from powertools_stream.cli.check.linting import Linting
from powertools_stream.templates.reading import template_paths

Resources = dict[str, Any]
Found = list[tuple[str, str]]
"""The ids of rules, and what they say."""

SOURCES: dict[str, Resources] = {
    "SQS": {"Type": "AWS::SQS::Queue", "Properties": {}},
    "Kinesis": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
    "DynamoDB": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
    "MSK": {"Type": "AWS::MSK::ServerlessCluster", "Properties": {}},
}
TRANSFORM = "AWS::Serverless-2016-10-31"
_ARNS = {"DynamoDB": "StreamArn"}
_FUNCTION = {"Handler": "listener.handler", "Runtime": "python3.13", "Timeout": 10}


def sam(
    source: str,
    mapping: Mapping[str, Any],
    function: Mapping[str, Any] = {},
    source_properties: Mapping[str, Any] = {},
    **more: Resources,
) -> Resources:
    properties = {"Queue" if source == "SQS" else "Stream": _arn(source), **mapping}
    listener = {**_FUNCTION, **function, "Events": {"Records": {"Type": source, "Properties": properties}}}
    resources = {"Listener": {"Type": "AWS::Serverless::Function", "Properties": listener}}
    return {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": resources | _source(source, source_properties) | more,
    }


def cloudformation(
    source: str,
    mapping: Mapping[str, Any],
    function: Mapping[str, Any] = {},
    source_properties: Mapping[str, Any] = {},
    **more: Resources,
) -> Resources:
    properties = {"FunctionName": {"Ref": "Listener"}, "EventSourceArn": _arn(source), **mapping}
    resources = {
        "Listener": {"Type": "AWS::Lambda::Function", "Properties": {**_FUNCTION, **function}},
        "Records": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties},
    }
    return {"Resources": resources | _source(source, source_properties) | more}


def _arn(source: str) -> dict[str, Any]:
    return {"Fn::GetAtt": ["Source", _ARNS.get(source, "Arn")]}


def _source(source: str, properties: Mapping[str, Any]) -> Resources:
    declared = SOURCES[source]
    return {"Source": {**declared, "Properties": {**declared["Properties"], **properties}}}


Form = Callable[..., Resources]
FORMS = (sam, cloudformation)


def written(directory: Path, template: Resources) -> Path:
    path = directory / "template.json"
    path.write_text(json.dumps(template, indent=2))
    return path


def assembly(directory: Path, **stacks: Resources) -> Path:
    """Write what ``cdk synth`` writes."""
    directory.mkdir(exist_ok=True)
    artifacts = {}
    for name, template in stacks.items():
        (directory / f"{name}.template.json").write_text(json.dumps(template, indent=1))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": f"{name}.template.json"},
        }
    (directory / "manifest.json").write_text(json.dumps({"version": "48.0.0", "artifacts": artifacts}))
    return directory


def found_in(path: Path) -> Found:
    matches = [match for each in template_paths(path) for match in Linting().matches_in(each)]
    return [(match.rule.id, match.found) for match in matches]


def found(directory: Path, template: Resources, *rules: str) -> Found:
    """Return what some rules find in a template."""
    return [each for each in found_in(written(directory, template)) if each[0] in rules]


def places(directory: Path, template: Resources, *rules: str) -> list[str]:
    """Return where some rules find something."""
    matches = Linting().matches_in(written(directory, template))
    return ["/".join(map(str, match.path)) for match in matches if match.rule.id in rules]
