"""Powertools' Logger, Tracer and Metrics, and OpenTelemetry, as observers of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.telemetry.open_telemetry import OpenTelemetryObserver as OpenTelemetryObserver

__all__ = [*export(__name__, {"open_telemetry": ("OpenTelemetryObserver",)})]
