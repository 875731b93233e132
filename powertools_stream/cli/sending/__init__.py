"""Sending many things, one batch after the other: with a journal, at a pace, and until Ctrl-C says otherwise."""

from __future__ import annotations

from powertools_stream.cli.sending.interruption import Interruption
from powertools_stream.cli.sending.journal import Journal, journal_path
from powertools_stream.cli.sending.pace import Pace

__all__ = ["Interruption", "Journal", "Pace", "journal_path"]
