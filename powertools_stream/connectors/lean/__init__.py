"""The lean call path: a call of boto3 without the ceremony, where the ceremony would come to the same.

Nearly all of what botocore does for a call is the same for each call of an operation on one endpoint: URL, headers,
user agent, the choice of a signer, dozens of events that no one listens to. So a request that botocore itself has made
is kept as a template (`template`), if our signature of it (`signature`) equals botocore's. Later calls fill in what
differs: body, time, credentials, signature. They go out through the client's own pool of connections, and the response
is read by botocore's own parser, error classes and handlers (`response`).

It is for operations that are simple (`operation`), and for as long as nobody looks on or has a part in the call
(`originals`): handlers, patched methods, debug logging, …. Both are asked before each call. If in doubt, the call is
botocore's, from end to end.

What is private in botocore, and why that does no harm:

- ``_make_api_call``, through which each method of a client makes its call, is covered in our own clients. Tracers and
  mocks patch it in the class, where it is found by each call that is not lean.
- ``_endpoint``, ``_request_signer``, ``_serializer``, ``_ruleset_resolver``, and ``_manager`` and ``_proxy_config`` of
  the HTTP session are read when a client is made. If one is missing, the client stays as it was. If another one has
  taken its place later, it is used.
- ``_lookup_cache`` and ``_handlers`` of the emitter tell which handlers there are. When a client is made, it is tried
  on a copy whether they tell of handlers that come and go; if not, the client stays as it was.
- ``_response_parser_factory`` and ``_add_modeled_error_fields`` of the endpoint read responses, as in botocore's own
  path. A release without them fails in the tests, which compare each response, and before that in `make_lean`.
- A template is only used if it brings forth the very request that it was taken from, header by header.
"""
