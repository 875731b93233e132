"""The CA bundle is read once per process: urllib3 reads it again for each connection, which takes 24 ms of CPU.

A context of TLS (``ssl.SSLContext``) may serve any number of connections, on any number of threads. botocore makes one
for each client, and urllib3 loads the bundle into it whenever a connection is opened. Here, the context of the first
connection that trusts a bundle serves all others that do, of whichever client, and is not loaded again.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
from typing import Any

__all__ = ["trust_bundle_once"]

# By the bundle's file, as it was when it was read, and by the settings of the context.
_contexts: dict[tuple[Any, ...], ssl.SSLContext] = {}
_loading = threading.Lock()


def trust_bundle_once(connection: Any) -> None:
    """Give a connection that is about to be opened the context that has its CA bundle already, if it may have it.

    `ca_certs`, `ssl_context` and their like are public attributes of urllib3's connections. A connection without TLS or
    without a bundle, one that verifies nothing, or shows a certificate of the client's own, is left as it is. So is one
    whose bundle cannot be read: urllib3 says so itself.
    """
    if not _is_shareable(connection):
        return
    with contextlib.suppress(OSError):  # `ssl.SSLError` is one, too
        connection.ssl_context = _context_for(connection.ca_certs, connection.ssl_context)
        connection.ca_certs = None  # for urllib3 there is nothing left to load


def _is_shareable(connection: Any) -> bool:
    if getattr(connection, "ssl_context", None) is None or not connection.ca_certs:
        return False
    # These would be loaded into the context as well, and then hold for all.
    if connection.cert_file or connection.ca_cert_dir or connection.ca_cert_data:
        return False
    return connection.cert_reqs in ("CERT_REQUIRED", ssl.CERT_REQUIRED)


def _context_for(path: str, own: ssl.SSLContext) -> ssl.SSLContext:
    status = os.stat(path)
    wanted = (path, status.st_ino, status.st_mtime_ns, status.st_size, *_settings(own))
    with _loading:
        if wanted not in _contexts:
            own.load_verify_locations(path)
            _contexts[wanted] = own
        return _contexts[wanted]


def _settings(context: ssl.SSLContext) -> tuple[Any, ...]:
    """Return what tells apart contexts that somebody has changed from those that botocore makes."""
    versions = (context.minimum_version, context.maximum_version)
    return (type(context), context.options, *versions, context.verify_flags, context.check_hostname)
