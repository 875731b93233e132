from typing import Any

import pytest

from calls import call

ORDER = {"id": "o-1", "customer": "c-1", "lines": [{"sku": "tea", "quantity": 2, "price": 450}]}
PAYMENT = {"reference": "p-1", "amount": 900}


@pytest.fixture(autouse=True)
def orders(table: Any) -> Any:
    return table


def row_in(orders: Any) -> Any:
    return orders.get_item(Key={"pk": "o-1", "sk": "order"})["Item"]


def set_attribute(name: str, value: Any, orders: Any) -> None:
    """Do what the listener does."""
    orders.put_item(Item={**row_in(orders), name: value})


def test_an_order_is_submitted_paid_and_shown() -> None:
    submitted = call("POST", "/orders", ORDER)
    paid = call("POST", "/orders/o-1/payment", PAYMENT)

    assert (submitted.status, submitted.headers["Location"]) == (201, "/orders/o-1")
    assert submitted.body == {**ORDER, "status": "submitted", "total": 900, "payment": None}
    assert paid.status == 201
    assert call("GET", "/orders/o-1").body == paid.body == {**submitted.body, "status": "paid", "payment": PAYMENT}


def test_what_is_repeated_is_done_once(orders: Any) -> None:
    first = call("POST", "/orders", ORDER)
    row = row_in(orders)

    assert call("POST", "/orders", ORDER) == first
    assert row_in(orders) == row
    assert call("POST", "/orders/o-1/payment", PAYMENT) == call("POST", "/orders/o-1/payment", PAYMENT)


def test_an_order_that_was_paid_can_be_submitted_again_by_a_client_that_got_no_response() -> None:
    call("POST", "/orders", ORDER)
    call("POST", "/orders/o-1/payment", PAYMENT)

    again = call("POST", "/orders", ORDER)

    assert (again.status, again.body["status"]) == (201, "paid")


def test_commands_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        call("POST", "/orders", ORDER)
        call("POST", "/orders/o-1/payment", PAYMENT)

    counted = capsys.readouterr().out
    assert (counted.count('"OrdersSubmitted":[1.0]'), counted.count('"OrdersPaid":[1.0]')) == (1, 1)


def test_the_trigger_is_told_what_it_needs(orders: Any) -> None:
    call("POST", "/orders", ORDER)
    set_attribute("latched", True, orders)
    call("POST", "/orders/o-1/payment", PAYMENT)

    row = row_in(orders)
    assert (row["discriminator"], row["awsregion"], "latched" in row) == ("order", "eu-central-1", False)
    assert row["timestamp"] > 1_700_000_000_000


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/orders/o-2", None),
        ("POST", "/orders/o-2/payment", PAYMENT),
        ("GET", "/customers", None),
    ],
)
def test_what_is_not_there_is_not_found(method: str, path: str, body: Any) -> None:
    assert call(method, path, body).status == 404


def test_another_order_with_the_same_id_is_a_conflict() -> None:
    call("POST", "/orders", ORDER)

    answer = call("POST", "/orders", {**ORDER, "customer": "c-2"})

    assert (answer.status, answer.body["message"]) == (409, "Another order has the id o-1.")


def test_another_amount_or_another_payment_is_a_conflict() -> None:
    call("POST", "/orders", ORDER)
    less = call("POST", "/orders/o-1/payment", {**PAYMENT, "amount": 899})
    call("POST", "/orders/o-1/payment", PAYMENT)
    other = call("POST", "/orders/o-1/payment", {**PAYMENT, "reference": "p-2"})

    assert (less.status, less.body["message"]) == (409, "The order costs 900 cents, the payment is over 899.")
    assert (other.status, other.body["message"]) == (409, "The order is paid already, by another payment.")


def test_an_order_that_has_expired_can_no_longer_be_paid(orders: Any) -> None:
    call("POST", "/orders", ORDER)
    set_attribute("status", "expired", orders)

    answer = call("POST", "/orders/o-1/payment", PAYMENT)

    assert (answer.status, answer.body["message"]) == (409, "The order is expired.")
    assert "payment" not in row_in(orders)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "o 1"},
        {"lines": []},
        {"lines": [{"sku": "tea", "quantity": 0, "price": 450}]},
        {"total": 1},
    ],
)
def test_what_is_no_order_is_refused_and_stored_nowhere(wrong: dict[str, Any], orders: Any) -> None:
    answer = call("POST", "/orders", {**ORDER, **wrong})

    assert answer.status == 422
    assert orders.scan()["Count"] == 0
