"""Events in whole: claim checks redeemed, and what lay too deep in them put back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from powertools_stream.cli.aws import Account, reaching_aws
from powertools_stream.cli.lake.stored import FAULT, NoEventError
from powertools_stream.cli.status import CannotRunError
from powertools_stream.errors import StreamError
from powertools_stream.payloads.claim_checks import ClaimChecks, is_claim_check, redeemed, stays_in_place
from powertools_stream.payloads.safe_json import read_json_texts

__all__ = ["ClaimError", "Claims"]


class ClaimError(NoEventError):
    """A claim check that cannot be redeemed."""


class Claims:
    """Gets events from where their claim checks point to: to buckets of one's own account only.

    Whoever can publish an event could otherwise make us read anything.

    Parameters
    ----------
    account
        Whose buckets are read.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._owner = ""
        self._s3: Any = None

    def whole(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the whole of an event: all that it was before it was stored.

        Raises
        ------
        ClaimError
            Its claim check cannot be redeemed.
        CannotRunError
            AWS cannot be reached.
        """
        whole = {**event, **self._redeemed(event)} if is_claim_check(event) else dict(event)
        return _with_depths(whole) if whole.get("type") == FAULT else whole

    def record(self, place: Mapping[str, Any]) -> Any:
        """Return a raw record that a fault event does not hold, since it holds what is redacted.

        Parameters
        ----------
        place
            Where it lies: its ``bucket`` and its ``key``.

        Raises
        ------
        ClaimError, CannotRunError
            As `whole`.
        """
        bucket, key = str(place["bucket"]), str(place["key"])
        if not stays_in_place(key):
            raise ClaimError(f"Expected a key without dot segments or empty ones, found {key!r}.")
        body = self._object({"Bucket": bucket, "Key": key, "ExpectedBucketOwner": self._own()})
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ClaimError(f"Expected JSON at s3://{bucket}/{key}, found what is none: {error}.") from error

    def _redeemed(self, event: Mapping[str, Any]) -> dict[str, Any]:
        bucket, key = event["s3"]["bucket"], event["s3"]["key"]
        steps = redeemed(dict(event), ClaimChecks({bucket: self._own()}), str(event["id"]))
        try:
            request = next(steps)
            steps.send({"Body": self._object({"Bucket": bucket, **request.params})})
        except StopIteration as done:
            found: dict[str, Any] = done.value
            return found
        except StreamError as error:
            raise ClaimError(str(error)) from error
        raise ClaimError(f"Expected one object behind a claim check, found more at s3://{bucket}/{key}.")

    def _object(self, params: Mapping[str, Any]) -> bytes:
        try:
            with reaching_aws():
                content: bytes = self._client().get_object(**params)["Body"].read()
                return content
        except CannotRunError as error:
            place = f"s3://{params['Bucket']}/{params['Key']}"
            raise ClaimError(f"Expected the event at {place}, in a bucket of account {self._owner}: {error}") from error

    def _client(self) -> Any:
        if self._s3 is None:
            self._s3 = self._account.client("s3")
        return self._s3

    def _own(self) -> str:
        if not self._owner:
            with reaching_aws():
                self._owner = self._account.client("sts").get_caller_identity()["Account"]
        return self._owner


def _with_depths(fault: dict[str, Any]) -> dict[str, Any]:
    try:
        return {name: read_json_texts(value) for name, value in fault.items()}
    except (ValueError, TypeError, RecursionError) as error:
        raise ClaimError(f"Expected JSON in the values that lay too deep, found other text: {error}.") from error
