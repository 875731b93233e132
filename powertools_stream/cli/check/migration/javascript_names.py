"""The names of aws-lambda-stream in JavaScript, and what takes their place."""

from __future__ import annotations

from powertools_stream.cli.check.migration.successor import Names, Successor

__all__ = ["JAVASCRIPT", "LIBRARY"]

LIBRARY = "aws-lambda-stream"

_SOURCE = "nothing: the source is told from the event"
_LEFT_OUT = "Events tagged `skip` reach no rule; claim checks are redeemed, and compressed values read."
_SPREAD = Successor(
    "nothing", "Calls are filled across records and rules, up to the service's limits of count and bytes."
)
_FAULTY = Successor(
    "nothing: call the function",
    "Whatever a rule's function raises, `async def` or not, is a fault of that rule on that record.",
)
_LOGGED = Successor(
    "`logger=` of the processor", "Every line that is logged while a rule runs names the rule and the event."
)
_RETRIED = Successor(
    "`retry=RetryPolicy(max_attempts=…, base_delay=…, max_delay=…)` of the processor",
    "All services, with exponential backoff and full jitter, and never past the deadline.",
)
_UNKNOWN_TYPE = Successor(
    "`to_…_records([{'type': 'unknown-type'}])`", "`outcome.unmatched` shows the records that no rule matched."
)
_METRICS = Successor("`metrics=Metrics(…)` of the processor", "Powertools' Metrics; see [metrics](#metrics).")
_XRAY = Successor("`tracer=Tracer(…)` of the processor", "A subsegment for the batch and for each rule.")
_COMPRESSION = Successor(
    "`compression=Compression(…)` of the processor",
    "Fields of the event, not values at any depth. The format is the same.",
)
_ENCRYPTION = Successor(
    "`encrypt=FieldEncryption(fields=…, key_alias=…)` of the processor or the rule",
    "The envelope `eem` is the same. What comes in is decrypted before the rules match.",
)
_CLIENT = "One boto3 client per service; `boto3_session=`, `boto_config=` of the processor."
_TIMESTREAM = Successor(
    "`yield Call(client.write_records, …)` with a client of your own", "There is no sink for Timestream."
)
_MAPPINGS = "Its `region_name=` says where."


def _flavor(name: str, why: str = "") -> Successor:
    return Successor(f"`from powertools_stream.flavors import {name}`", why)


def _connector(requests: str) -> Successor:
    return Successor(f"yield {requests}", _CLIENT)


JAVASCRIPT: Names = {
    "pipelines": {
        "initialize": Successor("`RuleRegistry(rules)`", "Rules are checked when the module is imported."),
        "initializeFrom": Successor(
            "`@stream_processor(rules)` above the handler",
            "It reads the event, runs the rules and returns the partial batch response; `.assemble(…)` "
            "and `toPromise` are not needed.",
        ),
    },
    "flavors": {
        "cdc": _flavor("cdc", "`toEvent` returns fields over `uow.event`; there is no `eventField`."),
        "circuitBreaker": _flavor("circuit_breaker", "It is a rule, with an id."),
        "collect": _flavor("collect"),
        "correlate": _flavor("correlate"),
        "correlationKey": Successor("nothing", "`uow['key']` is there, with its suffix."),
        "evaluate": _flavor("evaluate", "`correlated` always has the row's own event, newest first."),
        "expired": _flavor("expired", "It is a rule, with an id."),
        "firehoseDrop": _flavor("firehose_drop", "Its rules say what is dropped; there, they said what is kept."),
        "firehoseTransform": _flavor("firehose_transform", "`metadata` has no default: name the partition keys."),
        "flushCursor": Successor("nothing", "`job` saves its cursor after each page."),
        "forCollectedEvents": Successor(
            "nothing", "`correlate`, `evaluate` and `update` match the event that is in a row."
        ),
        "job": _flavor(
            "job", "`Limit` is the page; the job goes on from page to page until the time is up, then with its cursor."
        ),
        "materialize": _flavor("materialize"),
        "materializeS3": _flavor("s3", "`toPutRequest` is `to_s3`; bodies of objects are bytes."),
        "materializeTimestream": _TIMESTREAM,
        "normalize": Successor("nothing", "`correlate`, `evaluate` and `update` match the event that is in a row."),
        "sendMessages": Successor(
            "`from powertools_stream.flavors import sqs`, or `sns` for a topic",
            "`toMessage` is `to_sqs` or `to_sns`. `sns` takes changes that a listener wrote, too: add `out_latched`.",
        ),
        "spreadDateTime": Successor("`datetime.fromtimestamp(ms / 1000, timezone.utc)`"),
        "streamFailover": _flavor("stream_failover", "It is a rule, with an id."),
        "toCursorUpdateRequest": Successor("`to_cursor_update_request` of the rule"),
        "update": _flavor("update", '`skipLatched: true` is `latched="process"`.'),
    },
    "from": {
        "ddbApproximateCreationTimestamp": Successor("`prefer_approximate_timestamp=True` of `DynamoDBSource`"),
        "fromAlarm": Successor(_SOURCE, "Type `CloudWatch Alarm State Change`."),
        "fromCognito": Successor(
            _SOURCE,
            "The type is `triggerSource` as it is: "
            "`PostConfirmation_ConfirmSignUp`; the request is in `event['request']`.",
        ),
        "fromCron": Successor(_SOURCE, "Type `Scheduled Event`."),
        "fromDynamodb": Successor(
            f"{_SOURCE}; `source=DynamoDBSource(…)` for its options",
            "The prefix of the type keeps its case. Removals by time to live in another Region: see "
            "[its options](#dynamodb).",
        ),
        "fromEventBridge": Successor(_SOURCE, "`type` falls back to `detail-type`."),
        "fromFirehose": Successor(_SOURCE, "What no rule transforms or drops passes unchanged; there, it is dropped."),
        "fromKinesis": Successor(_SOURCE, _LEFT_OUT),
        "fromS3": Successor(
            _SOURCE, "There is an event: its `id`, its `type` (`object-created`, …), the key as `partition_key`."
        ),
        "fromS3Event": Successor(
            "`yield GetObject(…)` in the rule", "The event is the notification, the object is what you get."
        ),
        "fromSns": Successor(_SOURCE, "The message is read as an event; for plain text, use a record handler."),
        "fromSqs": Successor(_SOURCE, "The body is read as an event; for plain text, use a record handler."),
        "fromSqsEvent": Successor(_SOURCE, _LEFT_OUT),
        "fromSqsSnsS3": Successor(_SOURCE, "Envelopes are opened, nested as AWS nests them."),
        "outGlobalTableExtraModify": Successor(
            "nothing", "`ignore_replicas=True` of `DynamoDBSource`, the default, does it."
        ),
        "outReplicas": Successor("nothing", "`ignore_replicas=True` of `DynamoDBSource`, the default, does it."),
        "outTtlExpiredEvents": Successor("`ignore_ttl_expired=True` of `DynamoDBSource`"),
        "toDynamodbRecords": Successor("`to_dynamodb_records` of `powertools_stream.testing`"),
        "toEventBridgeRecord": Successor("`to_eventbridge_event` of `powertools_stream.testing`"),
        "toFirehoseRecords": Successor("`to_firehose_records` of `powertools_stream.testing`"),
        "toKinesisRecords": Successor("`to_kinesis_records` of `powertools_stream.testing`"),
        "toS3Records": Successor("`to_s3_records` of `powertools_stream.testing`"),
        "toSnsRecords": Successor("`to_sns_records` of `powertools_stream.testing`"),
        "toSqsEventRecords": Successor("`to_sqs_records` of `powertools_stream.testing`"),
        "toSqsRecords": Successor("`to_sqs_records` of `powertools_stream.testing`"),
        "toSqsSnsS3Records": Successor(
            "`to_s3_records([key])`, in `to_sns_envelope`, as `body` of `to_sqs_records`",
            "All of `powertools_stream.testing`.",
        ),
        "UNKNOWN_DYNAMODB_EVENT_TYPE": _UNKNOWN_TYPE,
        "UNKNOWN_FIREHOSE_EVENT_TYPE": _UNKNOWN_TYPE,
        "UNKNOWN_KINESIS_EVENT_TYPE": _UNKNOWN_TYPE,
        "UNKNOWN_SQS_EVENT_TYPE": _UNKNOWN_TYPE,
    },
    "filters": {
        "filterOnContent": Successor("nothing", "The rule's `filters` are tested before the flavor is called."),
        "filterOnEventType": Successor(
            "nothing",
            "The rule's `event_type` is tested before the flavor is called; a function gets the unit of work.",
        ),
        "outLatched": Successor("`out_latched` of `powertools_stream.matching`"),
        "outSkip": Successor(
            "nothing", "Events tagged `skip` reach no rule. `out_skip` of `powertools_stream.matching` is there, too."
        ),
        "outSourceIsSelf": Successor(
            "`out_source_is_self` of `powertools_stream.matching`",
            "The own name is `POWERTOOLS_SERVICE_NAME`, or the "
            "first set of `SERVICE`, `PROJECT`, `SERVERLESS_PROJECT`.",
        ),
        "prefilterOnContent": Successor("nothing", "What no rule is for is not decrypted and costs no call."),
        "prefilterOnEventTypes": Successor("nothing", "Types are looked up in an index."),
        "skipTag": Successor(
            "nothing", "The tag is never set by itself, not in tests either; set it where a test publishes."
        ),
    },
    "faults": {
        "FAULT_EVENT_TYPE": Successor("`'fault'`"),
        "faults": Successor("nothing", "Every exception of a rule is handled; those of the engine are raised."),
        "flushFaults": Successor("nothing", "Fault events are published after the last rule, before the response."),
        "limitFaultSize": Successor(
            "nothing",
            "Too large, it goes to S3 whole if there is a bucket; else it is trimmed, and its record reported.",
        ),
    },
    "queries": {
        "batchGetDynamoDB": Successor(
            "`response = yield GetItems(request)`",
            "Equal keys of a batch are asked once; nothing is kept for the next.",
        ),
        "getObjectFromS3": Successor("`response = yield GetObject(…)`", "`Body` is bytes."),
        "getObjectFromS3AsByteArray": Successor("`response = yield GetObject(…)`", "`Body` is bytes."),
        "getObjectFromS3AsStream": Successor("`lines = yield GetObjectLines(…)`"),
        "getSecrets": Successor(
            "`yield GetSecret(…)`", "Cached by Powertools. The base64 JSON of the plug-in is yours to decode."
        ),
        "headS3Object": Successor("`yield HeadObject(…)`", "`None` if there is no object."),
        "listEventSourceMappings": Successor("`yield ListEventSourceMappings(…)`", _MAPPINGS),
        "listObjectsFromS3": Successor("`yield ListObjects(…, page=True)`"),
        "pageObjectsFromS3": Successor("`objects = yield ListObjects(…)`", "Then a generator for each."),
        "queryAllDynamoDB": Successor(
            "`items = yield Query(request)`", "Equal queries of a batch are sent once; nothing is kept for the next."
        ),
        "querySplitDynamoDB": Successor("the flavor `job`, or `yield Query(…, page=True)` in a loop"),
        "redeemClaimcheck": Successor(
            "`claim_checks=ClaimChecks(owners)` of the processor",
            "Only from buckets that are named, with their owners.",
        ),
        "scanSplitDynamoDB": Successor("the flavor `job`, or `yield Scan(…, page=True)` in a loop"),
        "splitS3Object": Successor("`response['Body'].splitlines()`"),
        "toGetObjectRequest": Successor(
            "the bucket in `uow.event['s3']`, and `uow.event['partition_key']`", "The key is decoded."
        ),
        "toGetObjectRequest2": Successor(
            "the same as `toGetObjectRequest`", "The event is the same by way of SNS and SQS."
        ),
        "toGetRequest": Successor("`to_get_request` returns the keys", "There are no `fks`."),
        "toIndexQueryRequest": Successor("`to_query_request` returns the query of the index"),
        "toPkQueryRequest": Successor("`query_related=True` of `cdc`; elsewhere `to_query_request`"),
    },
    "sinks": {
        "copyS3Object": Successor("`yield CopyObject(…)`"),
        "createEventSourceMapping": Successor("`yield CreateEventSourceMapping(…)`", _MAPPINGS),
        "deleteEventSourceMapping": Successor("`yield DeleteEventSourceMapping(…)`", _MAPPINGS),
        "deleteObjectFromS3": Successor("`yield DeleteObject(…)`", "1,000 share a call."),
        "fetch": Successor(
            "`response = yield HttpRequest({'method': …, 'url': …})`", "A status of 400 or more is an error."
        ),
        "invokeLambda": Successor("`yield InvokeFunction(…)`", "`Payload` is decoded. A `FunctionError` is an error."),
        "pkCondition": Successor("`pk_condition` of `powertools_stream.expressions`"),
        "publishToEventBridge": Successor(
            "`yield PutEvent(event)`, or `yield from publish_all([event], uow, rule)`",
            "`publish_all` adds the standard tags, as the flavors do. An event without fields is an error; "
            "there, it is not published.",
        ),
        "publishToKinesis": Successor("`yield PutRecord(…)`", "500 share a call."),
        "publishToSns": Successor("`yield PublishMessage(…)`", "Ten share a call; there, each is a call."),
        "putDynamoDB": Successor("`yield PutItem(request)`", "Without a condition, 25 share a call."),
        "putMetrics": Successor(
            "`yield PutMetricData(…)`", "One request per data point; or Powertools' Metrics, without a call."
        ),
        "putObjectToS3": Successor("`yield PutObject(…)`"),
        "scheduleEvent": Successor(
            "`yield CreateSchedule(…)`",
            "`BUS_ARN`, `SCHEDULER_ROLE_ARN`, `MASTER_KEY_ARN` are no defaults: name the target, the role and the key.",
        ),
        "sendToFirehose": Successor("`yield PutDeliveryRecord(…)`"),
        "sendToSqs": Successor("`yield SendMessage(…)`, or the flavor `sqs`", "It makes the `Id` of the entries."),
        "storeClaimcheck": Successor("`claim_checks=ClaimChecks(owners, bucket_name)` of the processor"),
        "timestampCondition": Successor("`timestamp_condition` of `powertools_stream.expressions`"),
        "toClaimcheckEvent": Successor(
            "nothing", "The envelope is the same, but for the [spelling](../aws-lambda-stream.md#spelling)."
        ),
        "toFirehoseRecord": Successor("nothing", "`PutDeliveryRecord` takes the event, and ends it with a newline."),
        "toPutClaimcheckRequest": Successor("nothing", "Its key ends with a digest of the event."),
        "toRecord": Successor("nothing", "`PutRecord` takes the event, and its partition key."),
        "updateDynamoDB": Successor(
            "`response = yield UpdateItem(request)`", "`{}` if the condition failed, so that a fallback can be tried."
        ),
        "updateEventSourceMapping": Successor("`yield UpdateEventSourceMapping(…)`", _MAPPINGS),
        "updateExpression": Successor(
            "`update_expression` of `powertools_stream.expressions`",
            "`None` removes. The aliases of names with special "
            "characters differ: `alias(name)`. `…_delete` takes a set.",
        ),
        "writeRecords": _TIMESTREAM,
    },
    "connectors": {
        "CloudWatchConnector": _connector("`PutMetricData`"),
        "DynamoDBConnector": _connector("`Query`, `Scan`, `GetItems`, `UpdateItem`, `PutItem`, `DeleteItem`"),
        "EventBridgeConnector": _connector("`PutEvent`"),
        "FetchConnector": Successor("yield `HttpRequest`", "`connectors=[HttpConnector(timeout=…)]` for its options."),
        "FirehoseConnector": _connector("`PutDeliveryRecord`"),
        "KinesisConnector": _connector("`PutRecord`"),
        "LambdaConnector": _connector("`InvokeFunction` and the requests for event source mappings"),
        "S3Connector": _connector(
            "`GetObject`, `PutObject`, `HeadObject`, `CopyObject`, `DeleteObject`, `ListObjects`"
        ),
        "SchedulerConnector": _connector("`CreateSchedule`, `UpdateSchedule`, `DeleteSchedule`"),
        "SecretsMgrConnector": _connector("`GetSecret`"),
        "SnsConnector": _connector("`PublishMessage`"),
        "SqsConnector": _connector("`SendMessage`"),
        "StsConnector": Successor("`role_arn=` of the rule", "Its calls are made in that role."),
        "TimestreamConnector": _TIMESTREAM,
        "assumeRole": Successor(
            "`role_arn=` of the rule", "Its calls are made in that role; `ASSUME_ROLE` is not read."
        ),
    },
    "metrics": {
        **dict.fromkeys(
            [
                "metrics",
                "adornDynamoMetrics",
                "adornKinesisMetrics",
                "adornSqsMetrics",
                "calculateMetrics",
                "capture",
                "clear",
                "endPipeline",
                "formatMetrics",
                "functionMetrics",
                "logMetrics",
                "startUow",
                "Timer",
                "toPromise",
            ],
            _METRICS,
        ),
        **dict.fromkeys(
            [
                "captureSdkClientTraces",
                "clearPipelineSegments",
                "getPipelineSegments",
                "startPipelineSegment",
                "terminateSegment",
            ],
            _XRAY,
        ),
    },
    "utils": {
        "COMPRESSION_PREFIX": _COMPRESSION,
        "FAULT_COMPRESSION_IGNORE": Successor("nothing", "Fault events are not compressed."),
        "adornStandardTags": Successor("`yield from publish_all([event], uow, rule)`", "Tags of the event stay."),
        "assertMaxRetries": _RETRIED,
        "batchWithPayloadSizeOrCount": _SPREAD,
        "batchWithSize": _SPREAD,
        "compact": Successor("`compact=True` of the rule", "Or `compact={'group_key': …, 'sort_key': …}`."),
        "compress": _COMPRESSION,
        "debug": _LOGGED,
        "decompress": Successor("nothing", "Compressed values are always read."),
        "decryptChangeEvent": _ENCRYPTION,
        "decryptData": Successor(
            "`encrypt=` of the processor",
            "Items that rules read are decrypted. Elsewhere: `aws-kms-ee`'s format, with `cryptography`.",
        ),
        "decryptEvent": _ENCRYPTION,
        "defaultBackoffDelay": _RETRIED,
        "defaultDebugLogger": _LOGGED,
        "defaultOptions": Successor("options of `@stream_processor(…)`"),
        "defaultRetryConfig": _RETRIED,
        "encryptData": _ENCRYPTION,
        "encryptEvent": _ENCRYPTION,
        "envTags": Successor("`yield from publish_all([event], uow, rule)`", "See [tags](#tags)."),
        "faultify": _FAULTY,
        "faulty": _FAULTY,
        "faultyAsync": _FAULTY,
        "faultyAsyncStream": _FAULTY,
        "getDelay": _RETRIED,
        "group": Successor(
            "`compact={'group_key': …}` of the rule", "`uow.batch` holds the group, and `uow.event` is the newest."
        ),
        "lambdaTest": Successor("`powertools_stream.local`, or `powertools-stream local`"),
        "mw": Successor("decorators, Powertools' own among them"),
        "normalizeLogMsg": _LOGGED,
        "now": Successor(
            "`uow.event['timestamp']`; `int(time.time() * 1000)` where the time of day is meant",
            "With the event's time, a second attempt writes the same.",
        ),
        "options": Successor("options of `@stream_processor(…)`"),
        "printEnd": _LOGGED,
        "printEndPipeline": _LOGGED,
        "printStart": _LOGGED,
        "printStartPipeline": _LOGGED,
        "ratelimit": Successor(
            "`rate=(calls, seconds)` of the rule",
            "`{ num, ms }` is `(num, ms / 1000)`. It counts calls, not units of work.",
        ),
        "rejectWithFault": Successor("`raise`"),
        "retryable": Successor(
            "`retryable=` of the processor", "Passing errors are always retried; `STREAM_RETRY_ENABLED` is not read."
        ),
        "splitObject": Successor(
            "`split(uow, values, field)`, and `yield` one generator for each",
            "There are no `splitOnTotal` and `splitOnItemNumber`.",
        ),
        "throwFault": Successor("`raise`"),
        "toBatchUow": _SPREAD,
        "toFirehose": Successor("nothing", "The decorator returns the answer to Firehose."),
        "toGroupUows": Successor("`compact={'group_key': …}` of the rule"),
        "toPromise": Successor(
            "nothing", "The decorator returns the partial batch response; there, the whole batch succeeds or fails."
        ),
        "trimAndRedact": Successor(
            "`redact=` of the processor",
            "Paths in place of the fields of `eem`. What is decrypted is masked by itself.",
        ),
        "ttl": Successor("`start // 1000 + days * 86_400`", "`collect` and `correlate` have `ttl=` in days."),
        "ttlRule": Successor(
            "`ttl=` of the rule, then `TTL`, then 33",
            "`defaultTtl` is `ttl`. A function names its parameters `uow` and `rule`.",
        ),
        "unBatchUow": Successor("nothing", "Each unit of work gets the response to its own entry."),
        "unzip": _COMPRESSION,
        "uuid": Successor("Python's `uuid`", "Flavors make ids that are the same on a second attempt."),
        "wait": _RETRIED,
        "zip": _COMPRESSION,
    },
}
