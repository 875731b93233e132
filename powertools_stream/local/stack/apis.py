"""The APIs of a template: the routes of an OpenAPI document, and where the emulator serves them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from powertools_stream.local.stack.deployment import Deployed
from powertools_stream.templates.references import referred

__all__ = ["addresses", "routes_of"]

_API = "AWS::ApiGatewayV2::Api"
_INTEGRATION = "x-amazon-apigateway-integration"
_ANY = "x-amazon-apigateway-any-method"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", _ANY)

# The property that names a stage's API.
_STAGES = {"AWS::ApiGatewayV2::Stage": "ApiId", "AWS::ApiGateway::Stage": "RestApiId"}


def routes_of(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the routes that HTTP APIs have in an OpenAPI document, as SAM writes it, as resources of their own.

    MiniStack takes the document, and ignores it.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html

    Parameters
    ----------
    resources
        The resources of a template, after SAM's transform.
    """
    routes: dict[str, dict[str, Any]] = {}
    for logical_id, resource in resources.items():
        if resource["Type"] == _API:
            common = {name: resource[name] for name in ("Condition",) if name in resource}
            for number, (key, integration) in enumerate(_operations(resource.get("Properties", {}).get("Body"))):
                routes |= _route(logical_id, number, key, integration, common)
    return routes


def _operations(body: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    paths = body.get("paths") if isinstance(body, dict) else None
    for path, methods in (paths or {}).items():
        for method in _METHODS:
            operation = methods.get(method) if isinstance(methods, dict) else None
            if isinstance(operation, dict) and _INTEGRATION in operation:
                yield _route_key(path, method), operation[_INTEGRATION]


def _route_key(path: str, method: str) -> str:
    if path.strip("/") == "$default":
        return "$default"
    return f"{'ANY' if method == _ANY else method.upper()} {path}"


def _route(
    api: str, number: int, key: str, integration: Mapping[str, Any], common: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    name = f"{api}Integration{number}"
    properties = {
        "ApiId": {"Ref": api},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": integration.get("uri"),
        "PayloadFormatVersion": integration.get("payloadFormatVersion", "1.0"),
    }
    target = {"Fn::Sub": f"integrations/${{{name}}}"}
    return {
        name: {**common, "Type": "AWS::ApiGatewayV2::Integration", "Properties": properties},
        f"{api}Route{number}": {
            **common,
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {"ApiId": {"Ref": api}, "RouteKey": key, "Target": target},
        },
    }


def addresses(resources: Mapping[str, Mapping[str, Any]], deployed: Deployed, url: str) -> dict[str, str]:
    """Return where each API is served, by its logical id.

    Parameters
    ----------
    resources
        The resources of a template, after SAM's transform.
    deployed
        The stack.
    url
        The emulator's address.
    """
    found = {}
    for logical_id, resource in resources.items():
        api = referred(resource.get("Properties", {}).get(_STAGES.get(resource["Type"], "")))
        if api is not None and api in deployed.physical_ids and logical_id in deployed.physical_ids:
            # A stage's physical id is its name; the default one is in no address.
            stage = deployed.physical_ids[logical_id].removeprefix("$default")
            found[api] = f"{url}/_aws/execute-api/{deployed.physical_ids[api]}/{stage}".rstrip("/")
    return found
