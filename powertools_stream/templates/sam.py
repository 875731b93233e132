"""AWS SAM's transform, as CloudFormation would do it, without AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from powertools_stream.templates.reading import Template, TemplateError

__all__ = ["transformed"]

# SAM takes code from S3 only: `sam package` uploads it there, and writes its address into the template.
_CODE = {
    "AWS::Serverless::Function": ("CodeUri", "s3://bucket/code"),
    "AWS::Serverless::LayerVersion": ("ContentUri", "s3://bucket/layer"),
    "AWS::Serverless::StateMachine": ("DefinitionUri", "s3://bucket/definition"),
    "AWS::Serverless::Api": ("DefinitionUri", "s3://bucket/api"),
    "AWS::Serverless::HttpApi": ("DefinitionUri", "s3://bucket/api"),
}


def transformed(template: Template, parameters: Mapping[str, str] | None = None) -> Template:
    """Return the template of CloudFormation that SAM makes of this one; one without SAM as it is.

    Local code is given an address in S3, since SAM accepts no other.

    Parameters
    ----------
    template
        The template.
    parameters
        Values of its parameters, which override their defaults.

    Raises
    ------
    TemplateError
        SAM refuses it.
    """
    if not template.is_sam:
        return template
    document = json.loads(json.dumps(template.document))
    for resource in document["Resources"].values():
        _move_code(resource["Type"], resource.get("Properties"))
    for section, properties in (document.get("Globals") or {}).items():
        _move_code(f"AWS::Serverless::{section}", properties)
    return Template(template.path, _translated(template, document, dict(parameters or {})))


def _move_code(of: str, properties: Any) -> None:
    name, address = _CODE.get(of, ("", ""))
    written = properties.get(name) if isinstance(properties, dict) else None
    if isinstance(written, str) and not written.startswith("s3://"):
        properties[name] = address


def _translated(template: Template, document: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    from boto3.session import Session
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    # Its managed policies keep their names: only their addresses would have to be asked of AWS.
    translator = Translator(managed_policy_map={}, sam_parser=Parser(), boto_session=Session(region_name="us-east-1"))
    try:
        result: dict[str, Any] = translator.translate(document, parameters)
    except InvalidDocumentException as error:
        raise TemplateError(f"SAM refuses {template.path}: {_reasons(error)}") from error
    finally:
        # Nobody gets its metrics, but it complains in the log if they are not published.
        translator.metrics.publish()
    return result


def _reasons(error: Any) -> str:
    return "; ".join(str(cause.message) for cause in error.causes) or str(error)
