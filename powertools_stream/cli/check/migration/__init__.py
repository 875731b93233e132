"""``powertools-stream check --migrate``: what to change in code for aws-lambda-stream, or for `BatchProcessor`.

Modules are read, not imported: the library that they were written for need not be installed. `python_module` and
`javascript_module` find the names, rules and flavors of a module, in the terms of `found`; the tables of names and
`fields` say what takes their place, and `batch_processors` does so for handlers of Powertools. The pages under
docs/migration show the same tables of names.
"""

from __future__ import annotations
