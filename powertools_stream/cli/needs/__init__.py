"""What a function needs: for its rules, the options of its processor, and what Lambda polls for it."""

from __future__ import annotations
