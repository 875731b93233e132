"""Templates of AWS SAM and CloudFormation, read and transformed without AWS. For `cli` and `local` only."""

from __future__ import annotations

from powertools_stream.templates.reading import Template, TemplateError, read_template
from powertools_stream.templates.sam import transformed

__all__ = ["Template", "TemplateError", "read_template", "transformed"]
