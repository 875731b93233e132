"""The functions of a template, as it is written: their properties, and where their code is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powertools_stream.templates.reading import Template

__all__ = ["FUNCTION", "FUNCTIONS", "SAM_FUNCTION", "code_of", "properties_of"]

FUNCTION = "AWS::Lambda::Function"
SAM_FUNCTION = "AWS::Serverless::Function"
FUNCTIONS = (SAM_FUNCTION, FUNCTION)
"""The types of functions: SAM's, and what SAM makes of it."""


def properties_of(template: Template, logical_id: str) -> dict[str, Any]:
    """Return the properties of a resource, with those that SAM's ``Globals`` give to all of its type."""
    from samtranslator.plugins.globals.globals import Globals, InvalidGlobalsSectionException

    resource = template.resources[logical_id]
    own = dict(resource.get("Properties") or {})
    try:
        return dict(Globals(dict(template.document)).merge(resource["Type"], own))
    except InvalidGlobalsSectionException:
        return own  # SAM says so when it transforms the template


def code_of(resource_type: str, properties: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    """Return where the code of a function is.

    Parameters
    ----------
    resource_type
        One of `FUNCTIONS`.
    properties, metadata
        Of the function.

    Returns
    -------
    Any
        A folder or an archive, relative to the template; an object if it is in S3 or in the template; None if there is
        none, as of an image.
    """
    # https://docs.aws.amazon.com/cdk/v2/guide/assets.html
    if asset := metadata.get("aws:asset:path"):
        return asset
    if resource_type != SAM_FUNCTION:
        return properties.get("Code")
    # `sam build` takes the folder of the template if nothing else is said.
    is_elsewhere = "InlineCode" in properties or properties.get("PackageType") == "Image"
    return None if is_elsewhere else properties.get("CodeUri", ".")
