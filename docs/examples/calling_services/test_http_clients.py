from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from docs.examples.calling_services.http_clients import rules
from powertools_stream.outcomes import Reason
from powertools_stream.requests import HttpRequest, HttpResponse
from powertools_stream.testing import run, to_sqs_records

ASYNC_AND_BLOCKING = ["order-returned", "order-split", "order-changed"]


class Carrier(BaseHTTPRequestHandler):
    """A carrier on this machine, which knows the price for Germany only."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        known = self.path.endswith(("/DE", "/today"))
        body = b'{"price": 5}' if known else b"{}"
        self.send_response(200 if known else 503)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@contextmanager
def carrier_on_this_machine() -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    os.environ["CARRIER_URL"] = f"http://127.0.0.1:{server.server_port}"
    try:
        yield
    finally:
        del os.environ["CARRIER_URL"]
        server.shutdown()
        server.server_close()


def test_each_client_gets_the_price_in_each_of_two_batches() -> None:
    events = [{"type": name, "country": "DE"} for name in ASYNC_AND_BLOCKING]

    with carrier_on_this_machine():
        outcomes = [run(rules, to_sqs_records(events)) for _ in range(2)]

    prices = [[event["price"] for event in outcome.events] for outcome in outcomes]
    assert prices == [[5, 5, 5], [5, 5, 5]]


def test_a_service_that_is_down_is_a_passing_error_with_each_client() -> None:
    events = [{"type": name, "country": "FR"} for name in ASYNC_AND_BLOCKING]

    with carrier_on_this_machine():
        outcome = run(rules, to_sqs_records(events))

    assert [fault.reason for fault in outcome.faults] == [Reason.RETRYABLE] * 3
    assert outcome.events == []


# --8<-- [start:answers]
def test_a_parcel_is_priced_without_the_carrier() -> None:
    event = to_sqs_records([{"type": "order-packed", "country": "DE"}])
    os.environ["CARRIER_URL"] = "https://carrier.example.com"

    outcome = run(
        rules, event, responses={HttpRequest: HttpResponse(200, {}, {"price": 5})}
    )

    assert outcome.events[0]["price"] == 5


# --8<-- [end:answers]


def test_a_report_is_fetched_within_the_time_that_is_left() -> None:
    with carrier_on_this_machine():
        outcome = run(rules, to_sqs_records([{"type": "report-due"}]))

    assert outcome.response == {"batchItemFailures": []}
