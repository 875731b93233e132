"""The functions of a template: where their code is, and what the emulator gets in their place."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powertools_stream.templates import Template

__all__ = ["FUNCTION", "FunctionCode", "code_of", "forwarder", "layers_of"]

FUNCTION = "AWS::Lambda::Function"
_SERVERLESS_FUNCTION = "AWS::Serverless::Function"

# To another emulator than MiniStack, which posts the event itself.
_FORWARDER = """
import json
import os
import urllib.error
import urllib.request


def handler(event, context):
    url = os.environ["POWERTOOLS_STREAM_FORWARD_URL"]
    try:
        return json.load(urllib.request.urlopen(url, json.dumps(event).encode(), timeout=900))
    except urllib.error.HTTPError as error:
        raise RuntimeError(error.read().decode()) from None
"""
_LONGEST_SECONDS = 900


@dataclass(frozen=True)
class FunctionCode:
    """Where a function's code is.

    Parameters
    ----------
    folder
        The folder of its handler's module; None: it cannot run here.
    reason
        Why it cannot.
    """

    folder: Path | None
    reason: str = ""


def forwarder(properties: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return the properties of a function that hands its events to a server, in the place of the function's own.

    Parameters
    ----------
    properties
        The function's own.
    url
        Where to post events to. The response is the function's, or an error if its status is not 2xx.
    """
    kept = {name: properties[name] for name in ("FunctionName", "DeadLetterConfig") if name in properties}
    return {
        **kept,
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Code": {"ZipFile": _FORWARDER},
        "Role": "arn:aws:iam::123456789012:role/local",
        # The function's own timeout is kept where it runs.
        "Timeout": _LONGEST_SECONDS,
        "Environment": {"Variables": {"POWERTOOLS_STREAM_FORWARD_URL": url, "MINISTACK_LAMBDA_PROXY_URL": url}},
    }


def code_of(template: Template, logical_id: str, properties: Mapping[str, Any]) -> FunctionCode:
    """Find a function's code.

    Parameters
    ----------
    template
        The template as it is written: what SAM makes of it has lost the folder.
    logical_id
        The function.
    properties
        Its properties, with intrinsic functions replaced, after SAM's transform.
    """
    runtime = str(properties.get("Runtime", ""))
    if not runtime.startswith("python"):
        return FunctionCode(None, f"It needs the runtime {runtime or 'of an image'}; only Python runs here.")
    inline = properties.get("Code", {})
    if isinstance(inline, dict) and isinstance(inline.get("ZipFile"), str):
        return FunctionCode(_unpacked(inline["ZipFile"]))
    return _checked(template, _folder(template, logical_id))


def layers_of(template: Template, properties: Mapping[str, Any]) -> list[Path]:
    """Return the folders of a function's layers that are in the template, as Python searches them."""
    folders = []
    for layer in properties.get("Layers", ()):
        named = template.resources.get(str(layer.get("Ref")) if isinstance(layer, dict) else "", {})
        uri = named.get("Properties", {}).get("ContentUri")
        if isinstance(uri, str):
            folder = template.path.parent / uri
            # https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
            folders += [folder / "python", folder]
    return [folder.resolve() for folder in folders if folder.is_dir()]


def _folder(template: Template, logical_id: str) -> Any:
    resource = template.resources.get(logical_id, {})
    properties = resource.get("Properties", {})
    # The asset of CDK: https://docs.aws.amazon.com/cdk/v2/guide/assets.html
    if asset := resource.get("Metadata", {}).get("aws:asset:path"):
        return asset
    if resource.get("Type") != _SERVERLESS_FUNCTION:
        return properties.get("Code")
    if "InlineCode" in properties:
        return None
    default = template.document.get("Globals", {}).get("Function", {}).get("CodeUri", ".")
    return properties.get("CodeUri", default)


def _checked(template: Template, uri: Any) -> FunctionCode:
    if not isinstance(uri, str) or uri.startswith("s3://"):
        return FunctionCode(None, "Its code is not in a local folder: run the template that names the folder.")
    folder = (template.path.parent / uri).resolve()
    if not folder.is_dir():
        return FunctionCode(None, f"Expected its code in a folder, found none at {folder}.")
    return FunctionCode(folder)


def _unpacked(text: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="inline-code-"))
    (folder / "index.py").write_text(text, encoding="utf-8")
    return folder
