"""Calls the API as API Gateway does."""

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import rest

CONTEXT: Any = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:function",
    aws_request_id="52fdfc07-2182-154f-163f-5f0f9a621d72",
)


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


def call(method: str, path: str, body: Any = None) -> Answer:
    response = rest.handler(request(method, path, body), CONTEXT)
    return Answer(response["statusCode"], json.loads(response["body"]), response["headers"])


# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
def request(method: str, path: str, body: Any = None) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
