"""The benchmark's AWS, in a process of its own: it speaks TLS, as AWS does, answers after a delay, and counts calls.

``python -m tests.bench.endpoint <seconds> <bundle>`` writes the bundle of its CA, prints its addresses, with TLS and
without, then answers each line with the calls since the last.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
from collections import Counter
from pathlib import Path

import trustme
from botocore.httpsession import where

from powertools_stream.testing import ScriptedEndpoint
from tests.bench.script import SCRIPT

__all__ = ["main"]


def main(latency: float, bundle: str) -> None:
    """Serve until there are no more lines."""
    with (
        ScriptedEndpoint(SCRIPT, latency=latency, tls=_tls(bundle)) as endpoint,
        ScriptedEndpoint(SCRIPT, latency=latency) as plain,
    ):
        print(json.dumps({"url": endpoint.url, "plain_url": plain.url}), flush=True)
        for _ in sys.stdin:
            calls = Counter(operation for each in (endpoint, plain) for operation, _ in each.calls)
            endpoint.clear()
            plain.clear()
            print(json.dumps({"calls": calls, "cpu": time.process_time()}), flush=True)


def _tls(bundle: str) -> ssl.SSLContext:
    """Return the TLS of a server whose CA is the last of a bundle, which is as large as the one that boto3 brings."""
    authority = trustme.CA()
    Path(bundle).write_bytes(Path(where()).read_bytes() + authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
