"""What a template grants to a function, and how that differs from what it needs."""

from __future__ import annotations
