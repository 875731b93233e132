"""What is known of the name of a resource before the function runs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["UNKNOWN", "Name"]


@dataclass(frozen=True)
class Name:
    """The name of a resource, as far as it is known. Without a text or variables, nothing is known.

    Parameters
    ----------
    text
        The name, or the ARN or URL that stands for it. A ``*`` stands for what only the record says.
    variables
        The environment variables that hold it; the first one counts that is set.
    usual
        Which of them it is most often; None: the first.
    """

    text: str | None = None
    variables: tuple[str, ...] = ()
    usual: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return self != UNKNOWN


UNKNOWN = Name()
