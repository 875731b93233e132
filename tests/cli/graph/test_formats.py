from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from powertools_stream.cli.graph import svg
from powertools_stream.cli.graph.document import as_document
from powertools_stream.cli.graph.dot import as_dot
from powertools_stream.cli.graph.mermaid import as_mermaid
from powertools_stream.cli.graph.model import Edge, Flow, Graph, Mark, Node
from powertools_stream.cli.graph.svg import as_svg
from powertools_stream.cli.status import CannotRunError

NASTY = 'a "b" <c> & {d} [e] (f) |g| #h; `i` \\ end'

GRAPH = Graph(
    (
        Node("event:lost", "event", "lost", marks=(Mark.UNEMITTED,)),
        Node("event:kept", "event", "kept"),
        Node("function:F", "function", NASTY, stack="shop"),
        Node("rule:F/r", "rule", NASTY, "shop", "function:F", "task", ("lost", "b", "c", "d", "e")),
        Node("queue:Q", "queue", NASTY),
        Node("table:T", "table", "T", stack="shop"),
        Node("bus:B", "bus", "B"),
        Node("function:Plain", "function", "Plain"),
    ),
    (
        Edge("event:lost", "queue:Q", Flow.ROUTES, ("lost",)),
        Edge("queue:Q", "rule:F/r", Flow.FEEDS, ("lost",)),
        Edge("rule:F/r", "event:kept", Flow.EMITS, ("kept",), "B"),
        Edge("function:F", "event:kept", Flow.EMITS, ("kept",), "B"),
        Edge("rule:F/r", "table:T", Flow.WRITES),
        Edge("table:T", "function:Plain", Flow.READS),
        Edge("bus:B", "queue:Q", Flow.ROUTES, None, "all but fault"),
        Edge("event:kept", "rule:F/r", Flow.MISSES, ("kept",)),
    ),
)


def test_mermaid_is_a_flowchart_with_escaped_labels() -> None:
    lines = as_mermaid(GRAPH).splitlines()
    assert lines[0] == "flowchart LR"
    escaped = "a #34;b#34; #60;c#62; #38; #123;d#125; #91;e#93; #40;f#41; #124;g#124; #35;h#59; #96;i#96; #92; end"
    assert f'  n5[["{escaped}<br/>queue"]]' in lines
    assert f'    subgraph n3["{escaped}"]' in lines
    assert f'      n4["{escaped}<br/>task<br/>on lost, b, c and 2 more"]' in lines
    assert '  n1(["lost<br/>nothing here emits it"])' in lines
    assert lines.count("    end") + lines.count("  end") == 2
    assert {"  n1 --> n5", "  n3 -.-> n2", "  n6 -.-> n8", '  n7 -->|"all but fault"| n5', "  n2 -.-x n4"} <= set(lines)
    assert "  class n1 marked" in lines
    # Nothing but ids, words of the language and quoted texts.
    assert not re.search(r"[<>{}]", re.sub(r'"[^"]*"', "", "".join(lines)).replace("-->", "").replace("-.->", ""))


def test_dot_has_boxes_in_boxes_and_escaped_names() -> None:
    text = as_dot(GRAPH)
    assert 'subgraph "cluster template shop"' in text
    assert 'subgraph "cluster function:F"' in text
    assert "<b>a &quot;b&quot; &lt;c&gt; &amp; {d} [e] (f) |g| #h; `i` \\ end</b>" in text
    # Edges of a function with rules end at its box.
    assert '"rule:F/r" -> "event:kept" [ltail="cluster function:F"' in text


def test_a_large_graph_is_not_laid_out_for_minutes() -> None:
    nodes = tuple(Node(f"event:{number}", "event", str(number)) for number in range(400))
    assert "nslimit" in as_dot(Graph(nodes))
    assert "nslimit" not in as_dot(GRAPH)


def test_svg_is_drawn_and_what_stands_out_is_red() -> None:
    picture = ET.fromstring(as_svg(GRAPH))
    texts = ["".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert NASTY in texts
    assert {"lost", "nothing here emits it", "on lost, b, c and 2 more", "all but fault"} <= {
        each.strip() for each in texts
    }
    red = [each for each in picture.iter() if each.get("stroke") == "#b91c1c"]
    assert len(red) == 3  # the event, and the arrow of what is missed: its line and its head


def test_without_graphviz_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(svg, "_PROGRAMS", ("no-such-program",))
    with pytest.raises(CannotRunError, match=r"Expected Graphviz for SVG, .*: pip install graphviz-pure, or take"):
        as_svg(GRAPH)
    failing = tmp_path / "failing"
    failing.write_text("#!/bin/sh\necho out of ink >&2\nexit 3\n")
    failing.chmod(0o755)
    monkeypatch.setattr(svg, "_PROGRAMS", (str(failing),))
    with pytest.raises(CannotRunError, match="out of ink"):
        as_svg(GRAPH)


def test_the_document_says_all_that_the_pictures_say() -> None:
    document = as_document(["t.yaml"], GRAPH)
    assert list(document) == ["targets", "nodes", "edges", "unemitted", "unconsumed", "unrouted"]
    assert document["unemitted"] == ["lost"]
    assert document["nodes"][3] == {
        "id": "rule:F/r",
        "kind": "rule",
        "name": NASTY,
        "template": "shop",
        "function": "function:F",
        "flavor": "task",
        "event_types": ["lost", "b", "c", "d", "e"],
    }
    assert document["edges"][6] == {
        "from": "bus:B",
        "to": "queue:Q",
        "flow": "routes",
        "event_types": None,
        "label": "all but fault",
    }
