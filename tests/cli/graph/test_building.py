from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from powertools_stream.cli.graph.building import graph_of, labels_of
from powertools_stream.cli.graph.model import EVENT, Flow, Graph, Mark
from powertools_stream.cli.graph.paths import way_of
from powertools_stream.cli.loading import functions_in, load_stacks
from tests.cli.graph.system import HEAD, write_system


def built(folder: Path, *names: str) -> Graph:
    stacks = [stack for name in names for stack in load_stacks(str(folder / name))]
    functions = [function for stack in stacks for function in functions_in(stack)]
    return graph_of(functions, stacks, labels_of(stacks))


def flows(graph: Graph, flow: Flow) -> list[str]:
    return sorted(f"{edge.source} > {edge.target}" for edge in graph.edges if edge.flow == flow)


def marked(graph: Graph, mark: Mark) -> list[str]:
    return sorted(node.name for node in graph.of_kind(EVENT) if mark in node.marks)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("system")
    write_system(folder)
    return folder


@pytest.fixture(scope="module")
def whole(system: Path) -> Graph:
    return built(system, "hub", "shop", "control", "lake")


def test_templates_are_one_system_by_the_names_of_their_resources(whole: Graph) -> None:
    assert flows(whole, Flow.EMITS) == [
        "function:control/Listener > event:fault",
        "function:control/Trigger > event:fault",
        "function:shop/Listener > event:fault",
        "function:shop/Trigger > event:fault",
        "rule:control/Trigger/late > event:order-submitted-expired",
        "rule:control/Trigger/ready > event:order-ready",
        "rule:shop/Trigger/submitted > event:order-submitted",
    ]
    routes = flows(whole.overview, Flow.ROUTES)
    assert routes == [
        "bus:event-hub > delivery stream:lake/Firehose",
        "bus:event-hub > stream:event-hub",
        "event:order-paid > stream:event-hub",
        "event:order-ready > queue:shop/Queue",
        "event:order-submitted > stream:event-hub",
    ]
    (to_lake,) = [edge for edge in whole.overview.edges if edge.target == "delivery stream:lake/Firehose"]
    assert to_lake.label == "all events"


def test_sources_feed_the_rules_that_are_for_what_they_bring(whole: Graph) -> None:
    assert flows(whole, Flow.FEEDS) == [
        "delivery stream:lake/Firehose > bucket:lake/Lake",
        "queue:shop/Queue > rule:shop/Listener/ready",
        "route:function:shop/Rest/POST /orders > function:shop/Rest",
        "schedule:function:shop/Rest/Nightly > function:shop/Rest",
        "stream:event-hub > rule:control/Listener/orders",
        "stream:event-hub > rule:control/Listener/payments",
        "table:control/Events > rule:control/Trigger/by_order",
        "table:control/Events > rule:control/Trigger/late",
        "table:control/Events > rule:control/Trigger/ready",
        "table:shop/Orders > rule:shop/Trigger/submitted",
    ]
    assert flows(whole, Flow.WRITES) == [
        "function:shop/Rest > table:shop/Orders",
        "rule:control/Listener/orders > table:control/Events",
        "rule:control/Listener/payments > table:control/Events",
        "rule:control/Trigger/by_order > table:control/Events",
        "rule:shop/Listener/ready > table:shop/Orders",
    ]
    assert "table:shop/Orders > function:shop/Rest" in flows(whole, Flow.READS)


def test_what_nothing_emits_nothing_consumes_and_nothing_brings_stands_out(whole: Graph) -> None:
    assert marked(whole, Mark.UNEMITTED) == ["order-lost", "order-paid", "order-paied"]
    # A lake keeps all events; that is not what they are for.
    assert marked(whole, Mark.UNCONSUMED) == ["fault", "order-submitted-expired"]
    assert flows(whole, Flow.MISSES) == [
        "event:order-lost > rule:shop/Listener/ready",
        "event:order-paied > rule:control/Trigger/ready",
    ]


def test_without_the_rule_that_brings_events_any_may_be_brought(system: Path) -> None:
    alone = built(system, "shop", "control")
    assert "event:order-submitted > stream:event-hub" in flows(alone, Flow.ROUTES)
    shop = built(system, "shop")
    assert marked(shop, Mark.UNCONSUMED) == ["fault", "order-submitted"]


def test_one_events_way_goes_through_tables_but_not_by_latched_rows(whole: Graph) -> None:
    way = way_of(whole, whole.by_id["event:order-ready"])
    assert {node.id for node in way.nodes if node.kind in ("rule", "event")} == {
        "event:order-ready",
        "event:order-paid",
        "rule:control/Listener/payments",
        "rule:control/Trigger/by_order",
        "rule:control/Trigger/ready",
        "rule:shop/Listener/ready",
    }
    assert "table:shop/Orders" in way.by_id
    assert "function:shop/Rest" not in way.by_id
    from_start = way_of(whole, whole.by_id["event:order-submitted"])
    assert {"function:shop/Rest", "event:order-submitted-expired", "bucket:lake/Lake"} <= set(from_start.by_id)


def built_from(folder: Path, resources: str, **modules: str) -> Graph:
    (folder / "src").mkdir(exist_ok=True)
    (folder / "template.yaml").write_text(HEAD + resources)
    for name, text in modules.items():
        (folder / "src" / f"{name}.py").write_text(dedent(text))
    return built(folder, "template.yaml")


def test_a_rule_of_eventbridge_invokes_a_function(tmp_path: Path) -> None:
    graph = built_from(
        tmp_path,
        """\
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handler.handler
      Events:
        Orders:
          Type: EventBridgeRule
          Properties: {EventBusName: !Ref BusName, Pattern: {detail-type: [order-created, order-paid]}}
        Mine: {Type: EventBridgeRule, Properties: {Pattern: {source: [aws.s3], detail-type: [Object Created]}}}
        Off: {Type: EventBridgeRule, Properties: {State: DISABLED, Pattern: {detail-type: [order-gone]}}}
""",
        handler="""\
        from powertools_stream import RuleRegistry, stream_processor
        from powertools_stream.flavors import task
        rules = RuleRegistry()
        rules.add(id="created", flavor=task, event_type="order-created", emit="order-paid")
        rules.add(id="any", flavor=task, emit=lambda uow, rule, template: {**template, "type": uow.event["next"]})
        handler = stream_processor(rules=rules)(lambda event, context: None)
        """,
    )
    assert flows(graph, Flow.ROUTES) == [
        "event:Object Created > rule:Function/any",
        "event:order-created > rule:Function/any",
        "event:order-created > rule:Function/created",
        "event:order-paid > rule:Function/any",
    ]
    assert "rule:Function/any > event:?function:Function" in flows(graph, Flow.EMITS)
    # An event whose type is not known may be any.
    assert marked(graph, Mark.UNEMITTED) == []
    assert marked(graph, Mark.UNCONSUMED) == ["fault"]


def test_an_event_that_is_emitted_where_no_rule_takes_it_stands_out(tmp_path: Path) -> None:
    graph = built_from(
        tmp_path,
        """\
  Queue: {Type: AWS::SQS::Queue}
  ToQueue:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref BusName
      EventPattern: {detail-type: [{prefix: order-}]}
      Targets: [{Id: queue, Arn: !GetAtt Queue.Arn}]
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: listener.handler
      Events: {Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}
""",
        listener="""\
        from powertools_stream import RuleRegistry, StreamProcessor
        from powertools_stream.flavors import task
        rules = RuleRegistry()
        rules.add(id="elsewhere", flavor=task, event_type="order-created", emit="order-paid", bus_name="another")
        rules.add(id="here", flavor=task, event_type="order-paid", emit="mail-sent")
        rules.add(id="other", flavor=task, event_type="mail-sent", emit="order-created")
        processor = StreamProcessor(rules=rules, on_fault="report")
        """,
    )
    assert flows(graph, Flow.ROUTES) == ["event:order-created > queue:Queue"]
    assert marked(graph, Mark.UNROUTED) == ["mail-sent", "order-paid"]
    assert marked(graph, Mark.UNCONSUMED) == ["mail-sent", "order-paid"]


def test_topics_buckets_pipes_and_other_buses_pass_on(tmp_path: Path) -> None:
    graph = built_from(
        tmp_path,
        """\
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Ref BusName}}
  Other: {Type: AWS::Events::EventBus}
  Forward:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {detail-type: [{prefix: order-}]}
      Targets: [{Id: bus, Arn: !GetAtt Other.Arn}]
  ToTopic:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Other
      EventPattern: {detail-type: [order-created]}
      Targets: [{Id: topic, Arn: !Ref Topic}]
  Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Queue.Arn}]}}
  Mail: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: email, Endpoint: me@example.com}}
  Queue: {Type: AWS::SQS::Queue}
  Copy: {Type: AWS::SQS::Queue}
  Pipe: {Type: AWS::Pipes::Pipe, Properties: {Source: !GetAtt Queue.Arn, Target: !GetAtt Copy.Arn, RoleArn: x}}
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration: {LambdaConfigurations: [{Event: "s3:ObjectCreated:*", Function: !GetAtt Plain.Arn}]}
  Nightly: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 day), Targets: [{Arn: !GetAtt Plain.Arn}]}}
  Plain: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs22.x, Handler: index.handler, Code: src, Role: x}}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: listener.handler
      Events: {Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}}
""",
        listener="""\
        from powertools_stream import RuleRegistry, StreamProcessor
        from powertools_stream.flavors import sqs, task
        rules = RuleRegistry()
        rules.add(id="again", flavor=task, event_type="order-created", emit="order-created")
        rules.add(id="elsewhere", flavor=sqs, event_type="order-seen", queue_url="https://sqs/1/others",
                  to_sqs=lambda uow: {"MessageBody": ""})
        processor = StreamProcessor(rules=rules)
        """,
    )
    assert flows(graph, Flow.FEEDS) == [
        "bucket:Uploads > function:Plain",
        "queue:Queue > queue:Copy",
        "queue:Queue > rule:Listener/again",
        "queue:Queue > rule:Listener/elsewhere",
        "schedule:rule:Nightly > function:Plain",
        "topic:Topic > queue:Queue",
        "topic:Topic > subscriber:me@example.com",
    ]
    assert "event:order-created > topic:Topic" in flows(graph, Flow.ROUTES)
    assert "event:order-created > bus:Other" in flows(graph, Flow.ROUTES)
    assert "rule:Listener/elsewhere > queue:others" in flows(graph, Flow.WRITES)
    assert flows(graph, Flow.MISSES) == ["event:order-seen > rule:Listener/elsewhere"]
    assert marked(graph, Mark.UNCONSUMED) == ["fault"]


def test_short_names_tell_templates_apart(system: Path, tmp_path: Path) -> None:
    stacks = [stack for name in ("hub", "shop") for stack in load_stacks(str(system / name))]
    assert labels_of(stacks) == ["hub", "shop"]
    assert labels_of(stacks[:1]) == []
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "template.yaml").write_text((system / "hub" / "template.yaml").read_text())
    both = [*stacks[:1], *load_stacks(str(tmp_path / "hub"))]
    assert labels_of(both) == [str(each / "hub" / "template.yaml") for each in (system, tmp_path)]
