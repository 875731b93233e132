"""SAM's policy templates, such as ``DynamoDBCrudPolicy``, written out as statements of IAM."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

__all__ = ["statements_of_policy_template"]


def statements_of_policy_template(name: str, parameters: Mapping[str, Any]) -> list[Any] | None:
    """Return the statements that SAM makes of a policy template; None if it has no such template.

    Parameters
    ----------
    name
        ``"DynamoDBCrudPolicy"``.
    parameters
        ``{"TableName": …}``. The values are taken as they are.
    """
    from samtranslator.policy_template_processor.exceptions import InsufficientParameterValues, InvalidParameterValues

    try:
        return list(_templates().convert(name, dict(parameters))["Statement"]) if _templates().has(name) else None
    except (InsufficientParameterValues, InvalidParameterValues):
        return None


@cache
def _templates() -> Any:
    from samtranslator.policy_template_processor.processor import PolicyTemplatesProcessor

    return PolicyTemplatesProcessor(PolicyTemplatesProcessor.get_default_policy_templates_json())
