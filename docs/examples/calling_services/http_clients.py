from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from functools import cache
from typing import Any

import aiohttp
import httpx
import requests

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import Call, HttpRequest, RemainingTime

rules = RuleRegistry()


def carrier(path: str) -> str:
    return f"{os.environ['CARRIER_URL']}{path}"


# --8<-- [start:request]
@rules.register(task, event_type="order-packed", emit="parcel-priced")
def price_parcel(uow: UnitOfWork) -> Generator[Any, Any, Any]:
    url = carrier(f"/rates/{uow.event['country']}")
    answer = yield HttpRequest({"url": url}, timeout=3)
    return {"price": answer.body["price"]}


# --8<-- [end:request]


# --8<-- [start:httpx]
@cache
def client_of(loop: asyncio.AbstractEventLoop) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=httpx.Timeout(3, connect=2))


@rules.register(task, event_type="order-returned", emit="return-priced")
async def price_return(uow: UnitOfWork) -> dict[str, Any]:
    client = client_of(asyncio.get_running_loop())
    answer = await client.get(carrier(f"/rates/{uow.event['country']}"))
    answer.raise_for_status()
    return {"price": answer.json()["price"]}


# --8<-- [end:httpx]


# --8<-- [start:aiohttp]
@cache
def session_of(loop: asyncio.AbstractEventLoop) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=3, sock_connect=2)
    return aiohttp.ClientSession(loop=loop, timeout=timeout, raise_for_status=True)


@rules.register(task, event_type="order-split", emit="parts-priced")
async def price_parts(uow: UnitOfWork) -> dict[str, Any]:
    session = session_of(asyncio.get_running_loop())
    async with session.get(carrier(f"/rates/{uow.event['country']}")) as answer:
        return {"price": (await answer.json())["price"]}


# --8<-- [end:aiohttp]


# --8<-- [start:requests]
session = requests.Session()
# One connection for each worker.
session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=32))


def rate_for(country: str) -> int:
    answer = session.get(carrier(f"/rates/{country}"), timeout=(2, 3))
    answer.raise_for_status()
    return int(answer.json()["price"])


@rules.register(task, event_type="order-changed", emit="change-priced")
def price_change(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    return {"price": (yield Call(rate_for, uow.event["country"]))}


# --8<-- [end:requests]


# --8<-- [start:remaining]
@rules.register(task, event_type="report-due")
def fetch_report(uow: UnitOfWork) -> Generator[Any, Any, bytes]:
    left = yield RemainingTime()
    url = carrier("/reports/today")
    answer = yield Call(session.get, url, timeout=(2, min(60, left)))
    return bytes(answer.content)


# --8<-- [end:remaining]
