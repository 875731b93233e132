"""Powertools' Logger, Tracer and Metrics as observers of the engine."""

from __future__ import annotations
