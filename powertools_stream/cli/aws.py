"""The clients of boto3 that commands call AWS with, and what their errors say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.status import CannotRunError

__all__ = ["PROFILE_HELP", "REGION_HELP", "Account", "code_of", "is_in_doubt", "reaching_aws"]

PROFILE_HELP = "The profile of the AWS command line. Default: the environment's."
REGION_HELP = "The region. Default: the environment's."


@dataclass(frozen=True)
class Account:
    """An account and a region. The endpoint is the environment's, ``AWS_ENDPOINT_URL``.

    Parameters
    ----------
    profile, region
        As for ``boto3.Session``; None: as the environment says.
    """

    profile: str | None = None
    region: str | None = None

    def client(self, service: str, **settings: Any) -> Any:
        """Return a client of boto3.

        Parameters
        ----------
        service
            ``"s3"``, ``"lambda"``, …
        settings
            As ``botocore.config.Config`` takes them.

        Raises
        ------
        CannotRunError
            There is no such profile, or no region.
        """
        from botocore.config import Config

        session = self.session()
        with reaching_aws():
            return session.client(service, config=Config(**settings))

    def session(self) -> Any:
        """Return a session of boto3.

        Raises
        ------
        CannotRunError
            There is no such profile.
        """
        import boto3

        with reaching_aws():
            return boto3.Session(profile_name=self.profile, region_name=self.region)


@contextmanager
def reaching_aws() -> Iterator[None]:
    """Turn what boto3 raises within into the one line that ends a command.

    Raises
    ------
    CannotRunError
        AWS cannot be reached, or has refused a call.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise CannotRunError(_refusal(error)) from error
    except BotoCoreError as error:
        raise CannotRunError(f"Cannot call AWS: {error}") from error


def code_of(error: CannotRunError) -> str:
    """Return the code by which AWS refused a call, ``"NoSuchKey"``; empty: it was not asked, or did not respond."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def is_in_doubt(error: CannotRunError) -> bool:
    """Tell whether a call that failed may have been carried out: nobody has said that it was not."""
    from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

    cause = error.__cause__
    if isinstance(cause, ClientError):
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        return bool(status >= 500)
    # What could not be connected was not sent; neither was what is wrong in itself.
    return isinstance(cause, HTTPClientError | IncompleteReadError)


def _refusal(error: Any) -> str:
    told = error.response.get("Error", {})
    return f"{error.operation_name} was refused: {told.get('Code', 'unknown')}: {told.get('Message') or 'no message'}"
