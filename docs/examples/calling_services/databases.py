from __future__ import annotations

import os
from collections.abc import Generator
from functools import cache
from typing import Any

import psycopg
import redis
import sqlalchemy
from psycopg_pool import ConnectionPool
from sqlalchemy import text

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import Call

rules = RuleRegistry()


# --8<-- [start:sqlalchemy]
@cache
def engine() -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        os.environ["DATABASE_URL"],
        pool_pre_ping=True,  # a connection may have died while Lambda was frozen
        pool_size=8,
        max_overflow=0,
    )


def save_order(order: dict[str, Any]) -> int:
    insert = text(
        "INSERT INTO orders (id, total) VALUES (:id, :total) ON CONFLICT DO NOTHING"
    )
    with engine().begin() as connection:
        return connection.execute(insert, order).rowcount


@rules.register(task, event_type="order-created")
def keep_order(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    order = {"id": uow.event["id"], "total": uow.event["total"]}
    return {"inserted": (yield Call(save_order, order))}


# --8<-- [end:sqlalchemy]


# --8<-- [start:psycopg]
@cache
def pool() -> ConnectionPool:
    return ConnectionPool(
        os.environ["POSTGRES_URL"],
        min_size=0,
        max_size=8,
        timeout=3,  # seconds to wait for a connection
        check=ConnectionPool.check_connection,
        kwargs={"connect_timeout": 2, "options": "-c statement_timeout=3000"},
        open=True,
    )


def save_payment(payment: dict[str, Any]) -> None:
    with pool().connection() as connection:
        connection.execute(
            "INSERT INTO payments (id, amount) VALUES (%(id)s, %(amount)s)"
            " ON CONFLICT DO NOTHING",
            payment,
        )


@rules.register(task, event_type="payment-received")
def keep_payment(uow: UnitOfWork) -> Generator[Any, Any, None]:
    payment = {"id": uow.event["id"], "amount": uow.event["amount"]}
    yield Call(save_payment, payment)


# --8<-- [end:psycopg]


# --8<-- [start:redis]
@cache
def stock() -> redis.Redis:
    return redis.Redis.from_url(
        os.environ["REDIS_URL"],
        socket_connect_timeout=2,
        socket_timeout=3,
        health_check_interval=30,  # a connection that idled for so long is tried first
    )


@rules.register(task, event_type="item-sold")
def count_sold(uow: UnitOfWork) -> Generator[Any, Any, int]:
    sold = yield Call(stock().sadd, f"sold:{uow.event['item']}", uow.event["id"])
    return int(sold)


# --8<-- [end:redis]


# --8<-- [start:retryable]
OUTAGES = (
    sqlalchemy.exc.OperationalError,
    psycopg.OperationalError,
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
)
# As many calls at a time as the pools have connections.
processor = StreamProcessor(rules=rules, retryable=OUTAGES, max_workers=8)
# --8<-- [end:retryable]
