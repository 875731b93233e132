"""Claim checks: an event that is too large to be sent is left at S3, and a small one that says where goes in its place.

https://www.enterpriseintegrationpatterns.com/patterns/messaging/StoreInLibrary.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from powertools_stream.environment.variables import variable
from powertools_stream.errors import EntryTooLargeError, SettingError
from powertools_stream.payloads.completion import complete
from powertools_stream.payloads.conversions import short_repr
from powertools_stream.payloads.json_text import to_json
from powertools_stream.payloads.limits import MAX_INFLATED_BYTES, MAX_VALUES, unlimited_batch
from powertools_stream.payloads.parsing import malformed, parse_object
from powertools_stream.requests.request import Request, content_of, with_content
from powertools_stream.uow import Event

__all__ = ["ClaimChecks", "Deposit", "is_claim_check", "redeemed", "stands_for_more", "stays_in_place", "whole"]

_KEPT = ("id", "type", "partition_key", "partitionKey", "timestamp", "tags")
# `region/claimchecks/YYYY/MM/DD/HH/id/digest`; other services leave the digest out, older ones the region and the date.
_KEY = re.compile(r"(?:[^/]+/)?claimchecks/.")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MAX_KEY_BYTES = 1_024
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")

T = TypeVar("T")


@dataclass(frozen=True)
class Deposit(Generic[T]):
    """An event that is left at S3.

    Parameters
    ----------
    put
        The request that leaves it there.
    claim_check
        What goes in its place once that is done: an event, or the request that carries it.
    """

    put: Request
    claim_check: T


@dataclass(frozen=True, slots=True)
class ClaimChecks:
    """Where large events are left, and from which buckets they are taken.

    An event is redeemed only from a bucket that is named here, and only if that bucket belongs to the account that is
    named with it: an event must not be able to point the function anywhere.

    Parameters
    ----------
    owners
        The buckets that claim checks may point to, each with the id of the account that owns it:
        ``{"my-claim-checks": "123456789012"}``.
    bucket_name
        The one of them where events go that are too large to be sent; default: ``CLAIMCHECK_BUCKET_NAME``. Without
        any, an event that is too large is an error.
    max_bytes
        How large an event may be that is left or redeemed: nobody would take a larger one.

    Raises
    ------
    SettingError
        The bucket is none of those that have an owner, or an owner is no account id.
    """

    owners: Mapping[str, str]
    bucket_name: str | None = None
    max_bytes: int = MAX_INFLATED_BYTES

    def __post_init__(self) -> None:
        given: object = self.owners
        if not isinstance(given, Mapping) or not all(map(_is_account_id, given.values())):
            raise SettingError(
                "Expected the buckets of claim checks, each with the id of the account that owns it, a text of 12 "
                f'digits, but found {self.owners!r}. Name both: ClaimChecks({{"<bucket>": "<account id>"}}).'
            )
        if self.bucket_name is not None:
            self._check(self.bucket_name)

    @property
    def bucket(self) -> str | None:
        """Where large events go; None: nowhere."""
        bucket = self.bucket_name or variable("CLAIMCHECK_BUCKET_NAME") or None
        if bucket is not None:
            self._check(bucket)
        return bucket

    def deposit(self, event: Mapping[str, Any], text: str) -> Deposit[dict[str, Any]]:
        """Return the request that leaves an event at S3, and the event that goes in its place once that is done.

        Parameters
        ----------
        event
            The event.
        text
            The event as JSON.

        Raises
        ------
        EntryTooLargeError
            It is larger than what is redeemed.
        """
        from powertools_stream.requests import PutObject

        size = len(text.encode())
        if size > self.max_bytes:
            raise EntryTooLargeError(
                f"Expected an event of at most {self.max_bytes} bytes, which is what is redeemed of a claim check, "
                f"found {size}. Publish less, or let all who read it redeem more: ClaimChecks(max_bytes=…)."
            )
        bucket, key = self.bucket, _key(event, text)
        assert bucket is not None
        params = {"Key": key, "Body": text, "ContentType": "application/json"}
        put = PutObject({**params, "ExpectedBucketOwner": self.owners[bucket]}, bucket_name=bucket)
        kept = {name: event[name] for name in _KEPT if name in event}
        return Deposit(put, {**kept, "s3": {"bucket": bucket, "key": key}})

    def in_place_of(self, request: Request) -> Deposit[Request] | None:
        """Return what is asked for in place of a request whose event is too large for it.

        None: there is nothing to be done.
        """
        event = content_of(request)
        # Without an id there is nothing to find it by. And what is a claim check already would not get any smaller.
        if event is None or not event.get("id") or is_claim_check(event) or self.bucket is None:
            return None
        deposit = self.deposit(event, to_json(event))
        return Deposit(deposit.put, with_content(request, deposit.claim_check))

    def _check(self, bucket: str) -> None:
        if bucket not in self.owners:
            raise SettingError(
                f"Expected the bucket for claim checks to have an owner, but {bucket!r} has none. "
                f'Name the account that it belongs to: ClaimChecks(owners={{"{bucket}": "<account id>"}}).'
            )


def _is_account_id(owner: object) -> bool:
    # https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
    return isinstance(owner, str) and re.fullmatch(r"[0-9]{12}", owner) is not None


def is_claim_check(event: Mapping[str, Any]) -> bool:
    """Tell whether an event stands for one that lies at S3. Objects of S3's own notifications have other fields."""
    s3 = event.get("s3")
    if type(s3) is not dict:
        return False
    key = s3.get("key")
    return type(s3.get("bucket")) is str and type(key) is str and _KEY.match(key) is not None


def stands_for_more(event: Any) -> bool:
    """Tell whether what was read of a record is a claim check, or has one among its events."""
    if isinstance(event, dict):
        return "s3" in event and is_claim_check(event)
    return type(event) is list and any(map(is_claim_check, event))


def whole(read: Any, claim_checks: ClaimChecks | None, record_id: str) -> Generator[Any, Any, Any]:
    """Return what was read of a record with its claim checks redeemed. Driven like a flavor: yields requests.

    Parameters
    ----------
    read
        An event, a list of events, None; or a generator of these that yields requests.
    """
    event = (yield from read) if isinstance(read, Generator) else read
    if not stands_for_more(event):
        return event
    if isinstance(event, dict):
        return (yield from redeemed(event, claim_checks, record_id))
    return (yield [whole(one, claim_checks, record_id) for one in event])


def redeemed(event: Event, claim_checks: ClaimChecks | None, record_id: str) -> Generator[Any, Any, Event]:
    """Get the event that a claim check stands for. Driven like a flavor: yields requests.

    Raises
    ------
    SettingError
        The processor takes no claim checks at all.
    MalformedRecordError
        The claim check points to a bucket that is not named, or out of its prefix; or what lies there is not the event.
        What an event says is never the fault of the deployment, or whoever can send one could stop the stream.
    """
    from powertools_stream.requests import GetObject

    bucket, key = event["s3"]["bucket"], event["s3"]["key"]
    if not stays_in_place(key):
        raise malformed(record_id, "a claim check's key without dot segments or empty ones", short_repr(key))
    if claim_checks is None:
        raise SettingError(
            f"Expected a claim check for a bucket that the processor names, but event {short_repr(event['id'])} "
            f"lies in {short_repr(bucket)}. If it is to be trusted, pass claim_checks=ClaimChecks(owners={{…}}). "
            "If none is to be, pass ClaimChecks({})."
        )
    owner = claim_checks.owners.get(bucket)
    if owner is None:
        expected = "a claim check of a bucket that the processor names in ClaimChecks(owners={…})"
        raise malformed(record_id, expected, f"one of {short_repr(bucket)}")
    limit = claim_checks.max_bytes
    params = {"Key": key, "Range": f"bytes=0-{limit}", "ExpectedBucketOwner": owner}
    body: bytes = (yield GetObject(params, bucket_name=bucket))["Body"]
    if len(body) > limit:
        raise malformed(record_id, f"an object of at most {limit} bytes behind the claim check", "a larger one")
    return _whole_event(event, _parsed(body, limit, record_id), record_id)


def stays_in_place(key: str) -> bool:
    """Tell whether a key names the same object wherever paths are normalised on the way: by a proxy, or by a store."""
    if len(key.encode(errors="surrogatepass")) > _MAX_KEY_BYTES or _LONE_SURROGATES.search(key):
        return False
    while (decoded := unquote(key)) != key:
        key = decoded
    return not any(segment in ("", ".", "..") for segment in re.split(r"[/\\]", key))


def _parsed(body: bytes, limit: int, record_id: str) -> dict[str, Any]:
    what = "the object behind the claim check"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise malformed(record_id, f"{what} to be JSON", "no UTF-8 text") from None
    # Who takes larger objects takes more values, too. The bucket is trusted, so what they hold is not counted together.
    with unlimited_batch():
        max_values = MAX_VALUES * max(limit, MAX_INFLATED_BYTES) // MAX_INFLATED_BYTES
        return parse_object(text, what, record_id, max_values=max_values)


def _whole_event(check: Event, found: Event, record_id: str) -> Event:
    """Return the event that was found, with what the claim check's envelopes and its record filled in."""
    if found.get("id") not in (None, "", check["id"]):
        expected = f"event {short_repr(check['id'])} behind the claim check"
        raise malformed(record_id, expected, f"event {short_repr(found['id'])}")
    if not isinstance(found.get("type"), str):
        found["type"] = check["type"]
    try:
        complete(found, check["id"], check["timestamp"], check.get("partition_key"))
    except (OverflowError, TypeError, ValueError):
        raise malformed(record_id, "a claim check with a timestamp that is a number", "another") from None
    return {**{name: check[name] for name in _KEPT if name in check}, **found}


def _key(event: Mapping[str, Any], text: str) -> str:
    # By the event's own time and content, so that a second attempt writes the same object again. The id is not enough:
    # two rules may each send what they make of one event, and one would overwrite what the other has left.
    timestamp = event.get("timestamp")
    try:
        moment = datetime.fromtimestamp(float(timestamp) / 1000, tz=timezone.utc)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        moment = datetime.now(tz=timezone.utc)
    region = variable("AWS_REGION") or "undefined"
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    key = f"{region}/claimchecks/{moment:%Y/%m/%d/%H}/{event['id']}/{digest}"
    if stays_in_place(key):
        return key
    # The id comes from outside as well. The digest alone tells events apart.
    return f"{region}/claimchecks/{moment:%Y/%m/%d/%H}/{digest}"
