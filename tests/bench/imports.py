"""The part about cold starts: the cost of imports in a fresh interpreter, and what must not be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

from tests.bench.cases import environment
from tests.bench.measuring import Effort
from tests.bench.processes import has_lambda_stream
from tests.bench.report import Section, Table, Target

__all__ = ["measure"]

_POWERTOOLS = """
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from pydantic import BaseModel
class Order(BaseModel):
    id: str
    total: int
"""

_STREAM = """
import powertools_stream
from powertools_stream.flavors import task
"""

_FUNCTION = """
from powertools_stream import RuleRegistry, stream_processor
from powertools_stream.flavors import task
rules = RuleRegistry()
@rules.register(task, event_type="order-created")
def accept_order(uow): ...
@stream_processor(rules=rules)
def handler(event, context): ...
"""

_LAMBDA_STREAM = """
from aws_lambda_stream.pipelines import StreamPipeline, initialize_from
from aws_lambda_stream.events.sqs import from_sqs
from aws_lambda_stream.flavors.task import task
from aws_lambda_stream.utils.opt import DEFAULT_OPTIONS
"""

_ROWS = {
    "Powertools batch, Logger, pydantic with one model": _POWERTOOLS,
    "powertools_stream, one flavor": _STREAM,
    "powertools_stream, one flavor, a rule, a handler": _FUNCTION,
    "aws-lambda-stream, one flavor": _LAMBDA_STREAM,
}

_NOT_IMPORTED = (
    "boto3",
    "botocore",
    "moto",
    "rich",
    "powertools_stream.cli",
    "powertools_stream.local",
    "powertools_stream.testing",
    "powertools_stream.connectors.dynamodb.connector",
    "powertools_stream.connectors.eventbridge",
)

_PROGRAM = """
import json, sys, time
cpu, wall = time.process_time(), time.perf_counter()
{code}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
found = [name for name in {names!r} if name in sys.modules]
print(json.dumps(dict(cpu=cpu, wall=wall, found=found, modules=len(sys.modules))))
"""


def measure(effort: Effort, progress: Callable[[str], None]) -> Section:
    """Measure each import in fresh interpreters, in turn."""
    progress("imports")
    programs = {name: code for name, code in _ROWS.items() if has_lambda_stream() or code is not _LAMBDA_STREAM}
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
    found: dict[str, set[str]] = {}
    for n in range(effort.imports + 1):
        for name, code in programs.items():
            imported = _import(code)
            if n:  # the first one may have written bytecode
                samples[name].append({clock: imported[clock] for clock in ("cpu", "wall", "modules")})
            found[name] = set(imported["found"])
    middle = {
        name: {clock: median(sample[clock] for sample in taken) for clock in ("cpu", "wall", "modules")}
        for name, taken in samples.items()
    }
    base, one, function = (middle[name]["cpu"] for name in list(_ROWS)[:3])
    # Powertools reads botocore's version for its user agent, which does not count here.
    powertools, *ours = (found[name] for name in list(_ROWS)[:3])
    unwanted = sorted(set().union(*ours) - powertools)
    rows = [
        (name, f"{m['modules']:.0f}", f"{m['wall'] * 1e3:.0f}", f"{m['cpu'] * 1e3:.0f}", f"×{m['cpu'] / base:.2f}")
        for name, m in middle.items()
    ]
    table = Table("Import in a fresh interpreter", ("", "modules", "ms", "ms of CPU", "ratio of CPU"), rows)
    names = f" ({', '.join(unwanted)})" if unwanted else ""
    targets = [
        Target("import of powertools_stream with one flavor, times Powertools", one / base, 1.05),
        Target("import of all that a function needs, times Powertools", function / base, 1.15),
        Target(f"modules imported before they are used{names}", len(unwanted), 0, ""),
    ]
    return Section([table], targets)


def _import(code: str) -> dict[str, Any]:
    program = _PROGRAM.format(code=code, names=_NOT_IMPORTED)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment(""))
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
