"""The functions of a template: where their code is, and what the emulator gets in their place."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from powertools_stream.local.emulator import Emulator
from powertools_stream.local.runtime.function import FunctionConfiguration
from powertools_stream.local.stack.deployment import Deployed, LeftOut
from powertools_stream.local.stack.values import UNKNOWN, Values
from powertools_stream.templates import Template
from powertools_stream.templates.functions import FUNCTION, code_of, properties_of
from powertools_stream.templates.references import is_imported, references

__all__ = ["configuration_of", "forwarder", "needed_of", "unknown_variables"]

# To another emulator than MiniStack, which posts the event itself.
_FORWARDER = """
import base64
import json
import os
import urllib.error
import urllib.request


def handler(event, context):
    url = os.environ["POWERTOOLS_STREAM_FORWARD_URL"]
    given = getattr(context, "client_context", None)
    given = {name: getattr(given, name, None) for name in ("custom", "env")} if given else None
    headers = {"X-Amz-Client-Context": base64.b64encode(json.dumps(given).encode()).decode()} if given else {}
    request = urllib.request.Request(url, json.dumps(event).encode(), headers)
    try:
        return json.load(urllib.request.urlopen(request, timeout=900))
    except urllib.error.HTTPError as error:
        raise RuntimeError(error.read().decode()) from None
"""
_LONGEST_SECONDS = 900

_NEEDED = ("Runtime", "Handler", "Timeout", "MemorySize", "ReservedConcurrentExecutions", "Environment")

# Lambda's defaults: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
_DEFAULT_TIMEOUT = 3.0
_DEFAULT_MEMORY = 128

# What a small machine can do at a time.
_MOST_PROCESSES = max(2, min(10, os.cpu_count() or 2))


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


def needed_of(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties of a function or mapping that are needed here: others may name what does not exist here."""
    properties: Mapping[str, Any] = resource.get("Properties", {})
    if resource.get("Type") != FUNCTION:
        return properties
    return {
        name: each for name, each in properties.items() if name in _NEEDED or (name == "Code" and "ZipFile" in each)
    }


def configuration_of(
    template: Template,
    logical_id: str,
    resource: Mapping[str, Any],
    values: Values,
    deployed: Deployed,
    emulator: Emulator,
) -> FunctionConfiguration | LeftOut:
    """Return what to run, or why it cannot run here.

    Parameters
    ----------
    template
        The template as it is written: what SAM makes of it has lost the folders.
    logical_id, resource
        The function, after SAM's transform.
    values, deployed, emulator
        What is deployed, and where.
    """
    properties = values.of(needed_of(resource))
    code = _folder_of(template, logical_id, properties)
    if isinstance(code, str):
        return LeftOut(logical_id, FUNCTION, code)
    layers = _layers_of(template, logical_id)
    return FunctionConfiguration(
        name=logical_id,
        handler=str(properties.get("Handler", "")),
        folder=code,
        function_name=deployed.physical_ids[logical_id],
        environment=_environment(properties, layers, emulator),
        timeout=float(properties.get("Timeout", _DEFAULT_TIMEOUT)),
        memory_size=int(properties.get("MemorySize", _DEFAULT_MEMORY)),
        region=emulator.region,
        max_concurrency=min(int(properties.get("ReservedConcurrentExecutions", _MOST_PROCESSES)), _MOST_PROCESSES),
    )


def unknown_variables(logical_id: str, resource: Mapping[str, Any], values: Values) -> Iterator[LeftOut]:
    """Return the environment variables whose values do not exist here."""
    variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
    for name, value in variables.items():
        if values.of(value) is UNKNOWN:
            # What another stack exports has no name here.
            needed = ", ".join([*references(value), *(["what another stack exports"] if is_imported(value) else [])])
            yield LeftOut(f"{logical_id}.{name}", "environment variable", f"It needs {needed}.")


def _environment(properties: Mapping[str, Any], layers: Sequence[Path], emulator: Emulator) -> dict[str, str]:
    variables = properties.get("Environment", {}).get("Variables", {})
    return {
        **{name: str(value) for name, value in variables.items()},
        **({"PYTHONPATH": os.pathsep.join(map(str, layers))} if layers else {}),
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # There is no daemon to send segments to.
        "POWERTOOLS_TRACE_DISABLED": "true",
        "AWS_XRAY_SDK_ENABLED": "false",
    }


def _folder_of(template: Template, logical_id: str, properties: Mapping[str, Any]) -> Path | str:
    """Return the folder of a function's code, or why there is none."""
    runtime = str(properties.get("Runtime", ""))
    if not runtime.startswith("python"):
        return f"It needs the runtime {runtime or 'of an image'}; only Python runs here."
    if "Code" in properties:
        return _unpacked(properties["Code"]["ZipFile"])
    uri = _written_code_of(template, logical_id)
    if not isinstance(uri, str) or uri.startswith("s3://"):
        return "Its code is not in a local folder: run the template that names the folder."
    folder = (template.path.parent / uri).resolve()
    return folder if folder.is_dir() else f"Expected its code in a folder, found none at {folder}."


def _written_code_of(template: Template, logical_id: str) -> Any:
    resource = template.resources.get(logical_id)
    if resource is None:
        return None
    return code_of(resource["Type"], properties_of(template, logical_id), resource.get("Metadata") or {})


def _layers_of(template: Template, logical_id: str) -> list[Path]:
    """Return the folders of the layers that are in the template, as Python searches them."""
    properties = properties_of(template, logical_id) if logical_id in template.resources else {}
    folders = []
    for layer in properties.get("Layers", ()):
        named = template.resources.get(str(layer.get("Ref")) if isinstance(layer, dict) else "", {})
        uri = named.get("Properties", {}).get("ContentUri")
        if isinstance(uri, str):
            folder = template.path.parent / uri
            # https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
            folders += [folder / "python", folder]
    return [folder.resolve() for folder in folders if folder.is_dir()]


def _unpacked(text: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="inline-code-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "index.py").write_text(text, encoding="utf-8")
    return folder
