"""What will be gone, what takes its place, and in which version it goes. The docs' page *Versions* has the rules."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["StreamDeprecationWarning"]


class StreamDeprecationWarning(DeprecationWarning):
    """Something of this library is used that will be gone. The message says in which version, and what takes its place.

    Tests in which it is an error say so in time: ``warnings.simplefilter("error", StreamDeprecationWarning)``.
    """


@dataclass(frozen=True)
class Deprecation:
    """A public name that still works, with a warning.

    Parameters
    ----------
    name, instead
        In full: ``powertools_stream.flavors.task``.
    since, gone_in
        Versions.
    """

    name: str
    instead: str
    since: str
    gone_in: str

    def warn(self, stacklevel: int) -> None:
        """Warn whoever is so many calls above the caller."""
        message = f"{self.name} is deprecated since {self.since}, and gone in {self.gone_in}. Use {self.instead}."
        warnings.warn(message, StreamDeprecationWarning, stacklevel=stacklevel + 1)

    def replacement(self) -> Any:
        """Return what takes its place."""
        module, _, name = self.instead.rpartition(".")
        return getattr(import_module(module), name)


DEPRECATIONS: tuple[Deprecation, ...] = ()
"""A name that is here is in no ``__all__``. `docs/versions.md` has the same table."""


def deprecation_of(name: str) -> Deprecation | None:
    """Return what is known of a deprecated name, given in full."""
    return next((one for one in DEPRECATIONS if one.name == name), None)
