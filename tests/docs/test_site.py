"""The built documentation in a browser: nothing is cut off or missing, nothing is fetched, and search finds pages."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SOURCES = ("docs", ".ci", "mkdocs.yml", "CHANGELOG.md", "powertools_stream")

WIDE, MIDDLE, NARROW, HEIGHT = 1400, 900, 400, 900
# What a newcomer reads first, and the pages with diagrams, pictures, tabs, wide tables and long lines.
SELECTED = [
    "",
    "getting-started/",
    "faults/",
    "how-it-works/",
    "benchmark/",
    "reference/",
    "cli/graph/",
    "operations/metrics/",
]
SEARCHED = "/?search"
WORDS = ["permissions", "idempotency", "terraform", "httpx", "migration", "faq"]

CUT_OFF = """() => [...document.querySelectorAll("pre > code, .md-typeset__scrollwrap, figure.diagram")]
    .filter(each => each.offsetParent && each.scrollWidth > each.clientWidth + 1)
    .map(each => each.innerText.slice(0, 80))"""
WIDER = "() => document.documentElement.scrollWidth > innerWidth"
MISSING = "() => [...document.images].filter(each => each.complete && !each.naturalWidth).map(each => each.src)"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium on this machine."),
]


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves the site. Pages whose search is not looked at get an index without pages, which takes half their time."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        searched = self.headers.get("Referer", "").endswith(SEARCHED)
        if searched or not self.path.endswith("/search_index.json"):
            return super().do_GET()
        return self.answer_with(json.dumps({**self.index(), "docs": []}).encode())

    def index(self) -> dict[str, Any]:
        index: dict[str, Any] = json.loads(Path(self.translate_path(self.path)).read_text(encoding="utf-8"))
        return index

    def answer_with(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take what `make docs` has built, if nothing has changed since; else build it."""
    if is_current(ROOT / "site"):
        return ROOT / "site"
    directory = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(directory)],
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    return directory


def is_current(site: Path) -> bool:
    sitemap = site / "sitemap.xml"
    return sitemap.is_file() and sitemap.stat().st_mtime > max(map(changed, SOURCES))


def changed(source: str) -> float:
    """Return when a file, or the newest one of a folder, was changed last."""
    path = ROOT / source
    files = [each for each in path.rglob("*") if each.is_file() and each.suffix != ".pyc"] if path.is_dir() else [path]
    return max(file.stat().st_mtime for file in files)


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    handler = functools.partial(Server, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@dataclass
class Looked:
    """What a browser noticed while it went through pages, each with the name of the page."""

    faults: list[str] = field(default_factory=list)
    at: str = ""

    def note(self, fault: str) -> None:
        self.faults.append(f"{self.at or 'home'}: {fault}")


@contextmanager
def browser(address: str) -> Iterator[tuple[Any, Looked]]:
    """Open a window in which all is noted that goes wrong."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is in the extra dev.")
    with playwright.sync_playwright() as running:
        window = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page, looked = window.new_page(viewport={"width": WIDE, "height": HEIGHT}, color_scheme="light"), Looked()
        page.on("console", lambda message: looked.note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: looked.note(str(error)))
        page.on("request", lambda request: refuse(request.url, address, looked))
        yield page, looked
        window.close()


def refuse(url: str, address: str, looked: Looked) -> None:
    if not url.startswith((address, "data:", "blob:")):
        looked.note(f"asks for {url}")


def look_at(page: Any, looked: Looked) -> None:
    if page.evaluate(WIDER):
        looked.note("is wider than the window")
    for picture in page.evaluate(MISSING):
        looked.note(f"has no picture {picture}")


def pages_of(built: Path) -> list[str]:
    pages = [page.parent.relative_to(built) for page in built.rglob("index.html")]
    return sorted("" if page == Path() else f"{page}/" for page in pages)


def test_every_page_is_complete_and_the_first_ones_fit_into_windows_of_any_size(built: Path, address: str) -> None:
    with browser(address) as (page, looked):
        for looked.at in pages_of(built):
            page.goto(address + looked.at)
            look_at(page, looked)
            for text in page.evaluate(CUT_OFF):
                looked.note(f"cuts off {text!r}")
            if looked.at in SELECTED:
                look_at_sizes(page, looked)

    assert looked.faults == []


def look_at_sizes(page: Any, looked: Looked) -> None:
    """Look at a page as on a tablet and a phone, and in the dark."""
    name = looked.at
    for width in (MIDDLE, NARROW):
        looked.at = f"{name} ({width} pixels)"
        page.set_viewport_size({"width": width, "height": HEIGHT})
        look_at(page, looked)
    looked.at = f"{name} (dark)"
    page.emulate_media(color_scheme="dark")
    look_at(page, looked)
    page.wait_for_function("() => document.body.dataset.mdColorScheme == 'slate'", timeout=5_000)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})


def test_search_finds_a_page_for_what_people_look_for(address: str) -> None:
    with browser(address) as (page, looked):
        page.goto(address + SEARCHED.lstrip("/"))
        found = {word: results_of(page, word) for word in WORDS}

    assert [word for word, results in found.items() if not results] == []
    assert looked.faults == []


def results_of(page: Any, word: str) -> int:
    page.fill("input[name=query]", word[:-1])
    page.press("input[name=query]", word[-1])
    page.wait_for_function(
        "word => [...document.querySelectorAll('.md-search-result__item mark')]"
        ".some(each => each.innerText.toLowerCase().startsWith(word.slice(0, 5)))",
        arg=word,
        timeout=10_000,
    )
    return int(page.locator(".md-search-result__item").count())
