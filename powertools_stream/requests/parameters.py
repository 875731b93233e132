"""The requests for parameters and secrets; cached by Powertools."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["GetParameter", "GetSecret"]


PARAMETER = Place("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/{name}", "name")
SECRET = Place("arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:{name}-??????", "name")


@dataclass(frozen=True, slots=True)
class GetParameter(Request):
    """Get a parameter of Systems Manager's Parameter Store. Answers its value.

    What ``"json"`` makes of a value is shared with all who ask for it: read it, do not change it.

    Parameters
    ----------
    name
        Its name or ARN; ``name:version`` and ``name:label`` as Parameter Store takes them.
    transform
        ``"json"`` or ``"binary"``: what is made of the text; ``"auto"``: the name's suffix says it.
    decrypt
        Whether a ``SecureString`` is decrypted; default: ``POWERTOOLS_PARAMETERS_SSM_DECRYPT``, then no.
    max_age
        Seconds for which the value is cached; 0: it is fetched each time. Default: ``POWERTOOLS_PARAMETERS_MAX_AGE``,
        then 300.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("ssm:GetParameter", PARAMETER),)
    reads: ClassVar[bool] = True

    name: str
    transform: str | None = field(default=None, kw_only=True)
    decrypt: bool | None = field(default=None, kw_only=True)
    max_age: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class GetSecret(Request):
    """Get a secret of Secrets Manager. Answers its value: text, or bytes of a binary secret.

    Parameters
    ----------
    name
        Its name or ARN.
    transform, max_age
        As for `GetParameter`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("secretsmanager:GetSecretValue", SECRET),)
    reads: ClassVar[bool] = True

    name: str
    transform: str | None = field(default=None, kw_only=True)
    max_age: int | None = field(default=None, kw_only=True)
