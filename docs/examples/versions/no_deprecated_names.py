"""A test that fails if the rules use a name that will be gone."""

from __future__ import annotations

import importlib
import warnings

from powertools_stream.deprecations import StreamDeprecationWarning


def test_the_rules_use_no_deprecated_name() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", StreamDeprecationWarning)

        importlib.import_module("docs.examples.getting_started.handler")
