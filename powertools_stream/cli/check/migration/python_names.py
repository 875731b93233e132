"""The names of aws-lambda-stream 1.4 in Python, and what takes their place."""

from __future__ import annotations

from powertools_stream.cli.check.migration.successor import Names, Successor

__all__ = ["PACKAGE", "PYTHON"]

PACKAGE = "aws_lambda_stream"

_OWN_FLAVOR = Successor("`from powertools_stream.flavors import {name}`", "A rule for it may stay as it is.")


def _flavor(name: str) -> Successor:
    return Successor(*(text.format(name=name) for text in _OWN_FLAVOR))


def _client(service: str, request: str) -> Successor:
    return Successor(
        f"nothing; `boto3.client({service!r})` outside of rules",
        f"In a rule, {request}: the engine makes one client per service, and its calls.",
    )


_CLIENT = Successor("`boto3_session=`, `boto_config=` of the processor", "The clients are made on the first call.")
_CALL_IT = "call the function: `uow = f(uow)`"
_LOGGED = Successor(
    "`logger=` of the processor", "Every line that is logged while a rule runs names the rule and the event."
)
_RETRIED = Successor(
    "`retry=RetryPolicy(max_attempts=…, base_delay=…, max_delay=…)` of the processor",
    "All services, with exponential backoff and full jitter, and never past the deadline.",
)
_OPENSEARCH_ADMIN = Successor(
    "`opensearchpy.OpenSearch(…)`", "The sink writes documents; indexes are administered elsewhere."
)
_REPOSITORY = Successor(
    "a class of your own on `boto3.resource('dynamodb')`",
    "It is for REST handlers. `update_expression`, `timestamp_condition` and `pk_condition` are here.",
)

PYTHON: Names = {
    f"{PACKAGE}.pipelines": {
        "initialize_from": Successor(
            "`RuleRegistry(rules)`, or the list itself",
            "Rules are checked when the module is imported, and a duplicate id is an error.",
        ),
        "StreamPipeline": Successor(
            "`@stream_processor(rules)` above the handler",
            "It reads the event, runs the rules, and returns the partial batch response. Options: `StreamProcessor`.",
        ),
        "StreamPipeline.assemble": Successor(
            "nothing: the decorator does it",
            "`on_next`: `processor.results` after the batch; `on_error`: `processor.faults`; "
            "`on_completed`: the handler's body.",
        ),
    },
    f"{PACKAGE}.events.dynamodb": {
        "from_dynamodb": Successor(
            "nothing: the source is told from the event; `source=DynamoDBSource(…)` for its options",
            "Record order, whatever the timestamps. Numbers are `int` or `Decimal`. A record that "
            "cannot be read fails alone.",
        ),
        "to_dynamodb_records": Successor(
            "`to_dynamodb_records` of `powertools_stream.testing`",
            "Takes `newImage` or `new_image`, `oldImage` or `old_image`, `keys`, `timestamp`.",
        ),
    },
    f"{PACKAGE}.events.kinesis": {
        "from_kinesis": Successor(
            "nothing: the source is told from the event", "Record order, whatever the timestamps."
        ),
        "to_kinesis_records": Successor("`to_kinesis_records` of `powertools_stream.testing`"),
    },
    f"{PACKAGE}.events.s3": {
        "from_s3": Successor(
            "nothing: the source is told from the event",
            "An `id` for each change, not the key; a type for each "
            "kind of change. The decoded key is the `partition_key`.",
        ),
        "to_s3_records": Successor(
            "`to_s3_records` of `powertools_stream.testing`", "Takes keys, or `key`, `bucket`, …."
        ),
    },
    f"{PACKAGE}.events.sns": {
        "from_sns": Successor("nothing: the source is told from the event", "Envelopes inside the message are opened."),
        "to_sns_records": Successor(
            "`to_sns_records` of `powertools_stream.testing`", "Takes events, texts, or `message`, `subject`, …."
        ),
    },
    f"{PACKAGE}.events.sqs": {
        "from_sqs": Successor(
            "nothing: the source is told from the event",
            "Envelopes of EventBridge, SNS and S3 in the body are opened. `source=SQSSource(…)` for its options.",
        ),
        "to_sqs_records": Successor(
            "`to_sqs_records` of `powertools_stream.testing`", "Takes events; `body` for a body of your own."
        ),
    },
    f"{PACKAGE}.filters.content": {
        "filter_on_content": Successor("nothing", "The rule's `filters` are tested before the flavor is called."),
    },
    f"{PACKAGE}.filters.event_type": {
        "filter_on_event_type": Successor("nothing", "The rule's `event_type` is tested before the flavor is called."),
    },
    f"{PACKAGE}.filters.latch": {
        "out_source_is_self": Successor(
            "`out_source_is_self` of `powertools_stream.matching`",
            "The own name is `POWERTOOLS_SERVICE_NAME`, or the "
            "first set of `SERVICE`, `PROJECT`, `SERVERLESS_PROJECT`.",
        ),
        "out_latched": Successor("`out_latched` of `powertools_stream.matching`"),
    },
    f"{PACKAGE}.filters.skip": {
        "skip_tag": Successor(
            "nothing", "The tag is never set by itself, not in tests either; set it where a test publishes."
        ),
        "out_skip": Successor(
            "nothing", "Events tagged `skip` reach no rule. `out_skip` of `powertools_stream.matching` is there, too."
        ),
    },
    f"{PACKAGE}.flavors.cdc": {"cdc": _flavor("cdc")},
    f"{PACKAGE}.flavors.collect": {"collect": _flavor("collect")},
    f"{PACKAGE}.flavors.correlate": {
        "correlate": _flavor("correlate"),
        "normalize": Successor("nothing", "`correlate`, `evaluate` and `update` match the event that is in a row."),
    },
    f"{PACKAGE}.flavors.elasticsearch": {
        "elasticsearch": Successor(
            "`from powertools_stream.flavors import opensearch`; `elasticsearch` is the same",
            "Leaves `index_request` and `index_response`; `data` may be called `body`.",
        ),
    },
    f"{PACKAGE}.flavors.evaluate": {"evaluate": _flavor("evaluate")},
    f"{PACKAGE}.flavors.expired": {
        "expired": _flavor("expired"),
        "for_expiration": Successor(
            "nothing", "The flavor tests it: a removal by time to live of a row that carries `expire`."
        ),
        "to_expired_event": Successor("nothing", "The flavor makes the event, `uow['emit']`."),
        "calc_type": Successor("nothing", "`True`: `…-expired` or `….expired`; a string is the type."),
    },
    f"{PACKAGE}.flavors.materialize": {"materialize": _flavor("materialize")},
    f"{PACKAGE}.flavors.s3": {"s3": _flavor("s3")},
    f"{PACKAGE}.flavors.sns": {"sns": _flavor("sns")},
    f"{PACKAGE}.flavors.task": {"task": _flavor("task")},
    f"{PACKAGE}.flavors.update": {"update": _flavor("update")},
    f"{PACKAGE}.connectors.cloudwatch": {
        "Connector": _client("cloudwatch", "yield `PutMetricData`"),
        "Connector.client": _CLIENT,
        "Connector.put": Successor("`yield PutMetricData(…)`", "A request is one data point; points share calls."),
    },
    f"{PACKAGE}.connectors.dynamodb": {
        "Connector": _client("dynamodb", "yield `Query`, `GetItems`, `UpdateItem`, `PutItem`, `DeleteItem`"),
        "Connector.client": _CLIENT,
        "Connector.get": Successor(
            "`yield GetItems({'Keys': [key]}, table_name=…)`", "Keys of all records share calls."
        ),
        "Connector.update": Successor("`yield UpdateItem(…)`", "A failed condition answers `{}`; there it raises."),
        "Connector.put": Successor("`yield PutItem({'Item': …})`", "Without a condition, 25 share a call."),
        "Connector.query": Successor("`yield Query(…, page=True)`"),
        "Connector.query_all": Successor(
            "`yield Query(…)`", "A list of all items. Equal queries in flight are sent once."
        ),
        "Connector.batch_get": Successor(
            "`yield GetItems({'RequestItems': …})`", "In the order of the keys; no `attempts` in the answer."
        ),
        "Connector.bulk_insert": Successor("`yield [PutItem({'Item': item}) for item in items]`"),
        "Connector.bulk_delete": Successor("`yield [DeleteItem({'Key': key}) for key in keys]`"),
        "unprocessed": Successor("nothing", "What a call leaves unprocessed is sent again by itself."),
        "accumulate": Successor("nothing", "The answer is put together by itself."),
    },
    f"{PACKAGE}.connectors.eventbridge": {
        "Connector": _client("events", "yield `PutEvent`"),
        "Connector.client": _CLIENT,
        "Connector.put_events": Successor(
            "`yield PutEvent(event)`", "Ten share a call. An entry that fails fails its record only."
        ),
    },
    f"{PACKAGE}.connectors.lambda_": {
        "Connector": _client("lambda", "yield `InvokeFunction`"),
        "Connector.client": _CLIENT,
        "Connector.invoke": Successor(
            "`yield InvokeFunction(…)`", "`Payload` is decoded. A `FunctionError` is an error."
        ),
    },
    f"{PACKAGE}.connectors.opensearch": {
        "Connector": Successor("`OpenSearchConnector(…)` in `connectors=`, if the defaults do not fit"),
        "Connector.aws_session": _CLIENT,
        "Connector.auth": Successor("nothing", "Calls are signed by opensearch-py, for domains and collections."),
        "Connector.create_index": _OPENSEARCH_ADMIN,
        "Connector.get_index": _OPENSEARCH_ADMIN,
        "Connector.update_mapping": _OPENSEARCH_ADMIN,
        "Connector.delete_index": _OPENSEARCH_ADMIN,
        "Connector.reindex": _OPENSEARCH_ADMIN,
        "Connector.create_or_update_alias": _OPENSEARCH_ADMIN,
        "Connector.search": Successor(
            "`yield Call(client.search, …)` with your own client", "There is no request for a search."
        ),
        "Connector.put": Successor("`yield IndexDocument(…)`"),
        "Connector.delete": Successor("`yield DeleteDocument(…)`"),
        "Connector.bulk": Successor(
            "nothing", "Documents of all records share bulk calls; one that fails fails its record only."
        ),
    },
    f"{PACKAGE}.connectors.s3": {
        "Connector": _client("s3", "yield `PutObject`, `GetObject`, `ListObjects`, `DeleteObject`"),
        "Connector.client": _CLIENT,
        "Connector.put_object": Successor("`yield PutObject(…)`"),
        "Connector.get_object": Successor(
            "`yield GetObject(…)`", "`Body` is bytes. `GetObjectLines` reads line by line."
        ),
        "Connector.list_objects": Successor("`yield ListObjects(…)`", "A list of all objects; `page=True`: one page."),
        "Connector.delete_object": Successor("`yield DeleteObject(…)`", "1,000 share a call."),
    },
    f"{PACKAGE}.connectors.sns": {
        "Connector": _client("sns", "yield `PublishMessage`"),
        "Connector.client": _CLIENT,
        "Connector.publish": Successor("`yield PublishMessage(…)`"),
        "Connector.publish_batch": Successor("`yield [PublishMessage(…), …]`", "Ten share a call."),
    },
    f"{PACKAGE}.connectors.sqs": {
        "Connector": _client("sqs", "yield `SendMessage`"),
        "Connector.client": _CLIENT,
        "Connector.send_message": Successor("`yield SendMessage(…)`"),
        "Connector.send_message_batch": Successor(
            "`yield [SendMessage(…), …]`", "Ten share a call; it makes their `Id`."
        ),
    },
    f"{PACKAGE}.repositories": {
        "BaseEntityRepository": _REPOSITORY,
        "BaseEntityRepository.discriminator": _REPOSITORY,
        "BaseEntityRepository.save": _REPOSITORY,
        "BaseEntityRepository.get": _REPOSITORY,
        "BaseEntityRepository.delete": _REPOSITORY,
        "BaseEntityRepository.delete_bulk": _REPOSITORY,
        "BaseEntityRepository.query": _REPOSITORY,
        "BaseEntityRepository.get_item": _REPOSITORY,
        "BaseEntityRepository.to_update_request": Successor(
            "a function of `(uow)` for `materialize`", "See the row that it writes [below](#repository)."
        ),
    },
    f"{PACKAGE}.utils.apigateway": {
        "to_api_gateway_request_v2": Successor(
            "an event of your own", "It is for tests of REST handlers, which are not the library's."
        ),
    },
    f"{PACKAGE}.utils.aws": {
        "get_region": Successor(
            "`arn.split(':')[3]`",
            "Requests go to the function's own Region: for a topic in another one, `yield Call(client.publish, …)`.",
        ),
    },
    f"{PACKAGE}.utils.batch": {
        "to_batch_uow": Successor(
            "`compact=True`", "Calls are batched by the engine; `uow.batch` is for compacted records."
        ),
        "unbatch_uow": Successor("nothing", "Each unit of work gets the response to its own entry."),
    },
    f"{PACKAGE}.utils.cloudwatch": {
        "put_metrics": Successor(
            "`yield PutMetricData(…)`", "One request per data point; or Powertools' Metrics, without a call."
        ),
    },
    f"{PACKAGE}.utils.concurrency": {
        "OPTIMAL_THREAD_COUNT": Successor("nothing", "`max_workers=` limits the calls in flight."),
        "get_pool_scheduler": Successor(
            "nothing", "Calls run on the engine's workers, your functions on the main thread."
        ),
        "multitask": Successor(
            "`results = yield [Call(task, *params), …]`",
            "They run side by side. The first error is raised; there it is a result.",
        ),
    },
    f"{PACKAGE}.utils.decorators": {
        "reject_exception": Successor("`try`, `except`", "No exception is passed on as a value."),
    },
    f"{PACKAGE}.utils.dynamodb": {
        "serialize_number": Successor("nothing", "Integral numbers are `int`, others `Decimal`; boto3 is not changed."),
        "update_expression": Successor(
            "`update_expression` of `powertools_stream.expressions`", "Sets are added and deleted, too."
        ),
        "timestamp_condition": Successor("`timestamp_condition` of `powertools_stream.expressions`"),
        "pk_condition": Successor("`pk_condition` of `powertools_stream.expressions`"),
        "update_dynamodb": Successor(
            "`response = yield UpdateItem(request)`", "`{}` if the condition failed, so that a fallback can be tried."
        ),
        "put_dynamodb": Successor("`response = yield PutItem(request)`"),
        "batch_get_dynamodb": Successor("`response = yield GetItems(request)`"),
        "query_dynamodb": Successor("`items = yield Query(request)`"),
        "unmarshall": Successor("`boto3.dynamodb.types.TypeDeserializer`", "Images are plain values already."),
        "marshall": Successor("`boto3.dynamodb.types.TypeSerializer`", "Requests take plain values, floats too."),
    },
    f"{PACKAGE}.utils.elasticsearch": {
        "update_elasticsearch": Successor("`yield IndexDocument(…)`"),
        "query_elasticsearch": Successor(
            "`yield Call(client.search, …)` with your own client", "There is no request for a search."
        ),
    },
    f"{PACKAGE}.utils.eventbridge": {
        "publish_to_event_bridge": Successor(
            "`yield PutEvent(event)`, or `yield from publish_all([event], uow, rule)`",
            "`publish_all` adds the standard tags, as the flavors do. It leaves no `publish_response`.",
        ),
    },
    f"{PACKAGE}.utils.faults": {
        "FAULT_EVENT_TYPE": Successor("`'fault'`"),
        "the_faults": Successor("`processor.faults`", "Of the last batch."),
        "throw_fault": Successor("`raise`"),
        "faulty": Successor(
            "nothing: call the function",
            "Whatever a rule's function raises is a fault of that rule on that record, and the record is reported.",
        ),
        "format_fault": Successor(
            "`fault.event` of `processor.faults`", "The engine makes it; its `id` is the same for the same failure."
        ),
        "flush_faults": Successor("nothing", "Fault events are published after the last rule, before the response."),
        "faults": Successor("nothing", "Every exception of a rule is handled; those of the engine are raised."),
    },
    f"{PACKAGE}.utils.filters": {
        "on_event_type": Successor("nothing", "The rule's `event_type` is tested before the flavor is called."),
        "on_content": Successor("nothing", "The rule's `filters` are tested before the flavor is called."),
    },
    f"{PACKAGE}.utils.json_encoder": {
        "JSONEncoder": Successor(
            "nothing",
            "Requests take plain values. `Decimal` becomes an int or the nearest double, a set a list, bytes base64.",
        ),
        "JSONEncoder.default": Successor("nothing"),
    },
    f"{PACKAGE}.utils.lambda_": {"invoke_lambda": Successor("`yield InvokeFunction(…)`")},
    f"{PACKAGE}.utils.logger": {
        "configure_logger": Successor(
            "`logger=` of the processor; Powertools' Logger reads `POWERTOOLS_LOG_LEVEL` and `LOG_LEVEL`"
        ),
        "print_start_pipeline": _LOGGED,
        "print_end_pipeline": _LOGGED,
        "print_start": _LOGGED,
        "print_end": _LOGGED,
    },
    f"{PACKAGE}.utils.operators": {
        "split_buffer": Successor("`yield [step(part) for part in parts]`", "Generators in a list run side by side."),
        "tap": Successor(_CALL_IT),
        "rx_map": Successor(_CALL_IT, "`uow.extend(…)` and `uow | {…}` return a new one."),
        "rx_filter": Successor("`if not f(uow): return None`", "A flavor that returns `None` is done with the record."),
    },
    f"{PACKAGE}.utils.opt": {
        "logger": Successor("`logger=` of the processor"),
        "DEFAULT_OPTIONS": Successor(
            "options of `@stream_processor(…)`", "`bus_name=`, `logger=`; `publish` is not needed."
        ),
    },
    f"{PACKAGE}.utils.pluralize": {"pluralize": Successor("a function of your own")},
    f"{PACKAGE}.utils.print": {
        "print_start_pipeline": _LOGGED,
        "print_end_pipeline": _LOGGED,
        "print_start": _LOGGED,
        "print_end": _LOGGED,
    },
    f"{PACKAGE}.utils.retry": {
        "DEFAULT_RETRY_CONFIG": _RETRIED,
        "assert_max_retries": _RETRIED,
        "wait": _RETRIED,
        "get_delay": _RETRIED,
    },
    f"{PACKAGE}.utils.s3": {
        "put_object_to_s3": Successor("`yield PutObject(…)`"),
        "to_get_object_request": Successor(
            "the bucket in `uow.event['s3']`, and `uow.event['partition_key']`", "The key is decoded."
        ),
        "get_object_from_s3": Successor("`response = yield GetObject(…)`", "`response['Body']` is the bytes."),
        "page_objects_from_s3": Successor("`objects = yield ListObjects(…)`", "Then a generator for each."),
    },
    f"{PACKAGE}.utils.sns": {"publish_to_sns": Successor("`yield PublishMessage(…)`")},
    f"{PACKAGE}.utils.split": {
        "split_object": Successor(
            "`split(uow, values, field)`, and `yield` one generator for each",
            "A function in `split_on` returns values, or units of work as there.",
        ),
    },
    f"{PACKAGE}.utils.sqs": {"send_to_sqs": Successor("`yield SendMessage(…)`, or the flavor `sqs`")},
    f"{PACKAGE}.utils.tags": {
        "adorn_standard_tags": Successor(
            "`yield from publish_all([event], uow, rule)`", "Tags of the event itself stay."
        ),
        "env_tags": Successor("`yield from publish_all([event], uow, rule)`", "See [tags](#tags)."),
    },
    f"{PACKAGE}.utils.time": {
        "now": Successor(
            "`uow.event['timestamp']`; `int(time.time() * 1000)` where the time of day is meant",
            "With the event's time, a second attempt writes the same.",
        ),
        "ttl": Successor("`start // 1000 + days * 86_400`", "`collect` and `correlate` have `ttl=` in days."),
        "ttl_rule": Successor(
            "`ttl=` of the rule, then `TTL`, then 33", "A function names its parameters `uow` and `rule`."
        ),
    },
    f"{PACKAGE}.utils.uow": {
        "trim_and_redact": Successor(
            "`redact=` of the processor",
            "Paths in place of the fields of `eem`. What is decrypted is masked by itself.",
        ),
    },
}
