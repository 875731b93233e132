"""Draws the Mermaid blocks of the pages, so that the site needs no network: docs/diagrams holds a picture for each.

On GitHub the blocks stay what they are, and are drawn there. `.ci/site.py` puts the pictures into the built pages. Each
is named after what it is drawn of; what has changed is drawn again, by Mermaid itself, which takes some seconds. A file
`docs/diagrams/batch.mmd` becomes `batch.svg`, for pages that show it as a picture everywhere.

    python .ci/diagrams.py [--check]
"""

from __future__ import annotations

import hashlib
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "diagrams"
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])

BLOCK = re.compile(r"^(?P<indent> *)```mermaid\n(?P<source>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)

# One drawing for the light and the dark site: Mermaid draws in these colours, and a stylesheet says what they are. The
# second of each is for where no stylesheet is.
COLOURS = {
    "#010101": ("text", "#1f2328"),
    "#020202": ("line", "#6e7781"),
    "#030303": ("node", "#e8eaf6"),
    "#040404": ("border", "#5c6bc0"),
    "#050505": ("group", "#f6f8fa"),
    "#060606": ("group-border", "#d0d7de"),
    "#070707": ("label", "#ffffff"),
}
TEXT, LINE, NODE, BORDER, GROUP, GROUP_BORDER, LABEL = COLOURS
VARIABLES = {
    "fontSize": "15px",
    "fontFamily": "Helvetica, Arial, sans-serif",
    **dict.fromkeys(("textColor", "primaryTextColor", "nodeTextColor", "titleColor", "tertiaryTextColor"), TEXT),
    **dict.fromkeys(("secondaryTextColor", "stateLabelColor", "transitionLabelColor", "labelColor"), TEXT),
    **dict.fromkeys(("lineColor", "arrowheadColor", "defaultLinkColor", "transitionColor", "specialStateColor"), LINE),
    **dict.fromkeys(("primaryColor", "mainBkg", "stateBkg", "background"), NODE),
    **dict.fromkeys(("primaryBorderColor", "nodeBorder", "border1", "stateBorder"), BORDER),
    **dict.fromkeys(("clusterBkg", "tertiaryColor", "compositeBackground", "altBackground"), GROUP),
    **dict.fromkeys(("clusterBorder", "tertiaryBorderColor"), GROUP_BORDER),
    **dict.fromkeys(("edgeLabelBackground", "labelBackgroundColor", "compositeTitleBackground"), LABEL),
}
CONFIG = {
    "htmlLabels": False,
    "flowchart": {"htmlLabels": False, "nodeSpacing": 30, "rankSpacing": 30},
    "state": {"htmlLabels": False},
    "themeVariables": VARIABLES,
}
# The page behind a picture, which is white where no stylesheet says otherwise: a package index may be dark.
PAGE = ("background-color: transparent", "background-color: var(--diagram-page, #ffffff)")
LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")


def sources_of(text: str) -> list[str]:
    """Return what the diagrams of a page are drawn of."""
    return [source_of(block) for block in BLOCK.finditer(text)]


def source_of(block: re.Match[str]) -> str:
    return textwrap.dedent(block["source"]).strip()


def picture_of(source: str) -> Path:
    """Return where the picture of a diagram is. Its name changes with the diagram, and with how it is drawn."""
    return PICTURES / f"{name_of(source)}.svg"


def name_of(source: str) -> str:
    made_of = repr((source, CONFIG, COLOURS, PAGE))
    return f"diagram-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"


def drawn(source: str) -> str:
    """Return the diagram as SVG that can stand within a page, next to others."""
    # It takes a while, and is needed for new diagrams only.
    import mermaidx

    svg = mermaidx.render(source, theme="base", config=CONFIG).svg().replace("my-svg", name_of(source))
    svg = LONG_NUMBER.sub(lambda number: f"{float(number[0]):.1f}", svg)
    svg = svg.replace(*PAGE, 1)
    for colour, (what, otherwise) in COLOURS.items():
        svg = svg.replace(colour, f"var(--diagram-{what}, {otherwise})")
    return svg


def all_of_them() -> dict[Path, str]:
    """Return the pictures that are wanted, and what each is drawn of."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    of_pages = {picture_of(source): source for text in texts for source in sources_of(text)}
    of_files = {path.with_suffix(".svg"): path.read_text(encoding="utf-8").strip() for path in PICTURES.glob("*.mmd")}
    return {**of_pages, **of_files}


def is_drawn(path: Path, source: str) -> bool:
    return path.exists() and name_of(source) in path.read_text(encoding="utf-8")


def draw_all() -> None:
    """Draw what is not drawn yet, and remove what no page shows any more."""
    wanted = all_of_them()
    for path in set(PICTURES.glob("*.svg")) - set(wanted):
        path.unlink()
    for path, source in wanted.items():
        if not is_drawn(path, source):
            path.write_text(drawn(source) + "\n", encoding="utf-8")


def check() -> None:
    wanted = all_of_them()
    if set(PICTURES.glob("*.svg")) != set(wanted) or not all(map(is_drawn, wanted, wanted.values())):
        sys.exit("Expected a picture of each diagram as it is, and no other. Run `make snippets`.")


if __name__ == "__main__":
    check() if "--check" in sys.argv[1:] else draw_all()
