"""The benchmark's AWS, in a process of its own: it answers after a delay, and counts calls.

``python -m tests.bench.endpoint <seconds>`` prints its address, then answers each line with the calls since the last.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter

from powertools_stream.testing import ScriptedEndpoint
from tests.bench.script import SCRIPT

__all__ = ["main"]


def main(latency: float) -> None:
    """Serve until there are no more lines."""
    with ScriptedEndpoint(SCRIPT, latency=latency) as endpoint:
        print(json.dumps({"url": endpoint.url}), flush=True)
        for _ in sys.stdin:
            calls = Counter(operation for operation, _ in endpoint.calls)
            endpoint.clear()
            print(json.dumps({"calls": calls, "cpu": time.process_time()}), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
