"""What MkDocs does with the pages besides: diagrams become pictures within the page, and marks for tools are left out.

https://www.mkdocs.org/user-guide/configuration/#hooks
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".ci"))

import diagrams  # noqa: E402

MARK = re.compile(r"<!-- (?:code|in|from|picture|bench:|deprecated|end\b)[^\n]*?-->\n?")
DIAGRAM = re.compile(r'<pre class="mermaid"><code>(.*?)</code></pre>', re.DOTALL)
PICTURE = re.compile(r'<p><img alt="([^"]*)" src="[^"]*?diagrams/([\w-]+\.svg)" ?/?></p>')


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Show the changelog, which is beside the package; its page is a link to it elsewhere."""
    page.meta.update(config.extra["pages"].get(page.file.src_uri, {}))
    if page.file.src_uri == "changelog.md":
        return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return markdown


def on_page_content(content: str, **_: Any) -> str:
    content = DIAGRAM.sub(lambda found: figure(diagrams.picture_of(html.unescape(found[1]).strip())), content)
    content = PICTURE.sub(lambda found: figure(diagrams.PICTURES / found[2], found[1]), content)
    return MARK.sub("", content)


def figure(picture: Path, said: str = "") -> str:
    """Return a picture as part of the page, so that it follows the page's colours and can be searched and copied."""
    svg = picture.read_text(encoding="utf-8").strip()
    (width,) = re.findall(r"max-width: ([\d.]+px)", svg)
    label = f' aria-label="{said}"' if said else ""
    return f'<figure class="diagram"{label} style="--diagram-width: {width}">{svg}</figure>'
