"""The lean call path: a call of boto3 without the ceremony, where the ceremony would come to the same.

Nearly all of what botocore does for a call is the same for each call of an operation on one endpoint: URL, headers,
user agent, the choice of a signer, dozens of events that no one listens to. So a request that botocore itself has made
is kept as a template (`template`), if our signature of it (`signature`) equals botocore's. Later calls fill in what
differs: body, time, credentials, signature. They go out through the client's own pool of connections, and the response
is read by botocore's own parser, error classes and handlers (`response`).

It is for operations that are simple (`operation`), and for as long as nobody looks on or has a part in the call
(`originals`): handlers, patched methods, debug logging, …. Both are asked before each call. If in doubt, the call is
botocore's, from end to end.

What is private in botocore is read in `make_lean`, when a client is made, and by the modules that it uses. If any of it
is missing there, or behaves otherwise, the client stays as it was.
"""
