"""Writes code into the pages of the documentation, out of the files that the tests run; or checks that it is so.

A page says what it wants between two comments, so that it shows wherever Markdown does, and this fills in the rest:

    <!-- code docs/examples/rules/orders.py:handler hl_lines="3 4" -->
    <!-- end -->

becomes a block with the part of the file between the comments `--8<-- [start:handler]` and `[end:handler]`, or with all
of it. Its title is the name of the file, unless `title` says otherwise. What the file imports from its neighbours in
docs/examples looks as it does in a reader's own project: `from orders import handler`.

    <!-- figures -->
    <!-- end -->

becomes the table of `.ci/figures.py`.

    python .ci/snippets.py [--check] [docs/rules.md …]
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".ci"))

import figures  # noqa: E402

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])

PART = re.compile(
    r"^(?P<indent> *)<!-- code (?P<file>[^\s:]+)(?::(?P<section>[\w-]+))?(?P<more>(?: \w+=\"[^\"]*\")*) -->\n"
    r".*?^ *<!-- end -->$",
    re.DOTALL | re.MULTILINE,
)
FIGURES = re.compile(r"^<!-- figures -->\n.*?^<!-- end -->$", re.DOTALL | re.MULTILINE)
MARK = re.compile(r"^ *(?:(?:#|//) )?--8<-- \[(?:start|end):[\w-]+\]\n", re.MULTILINE)
LANGUAGES = {
    ".py": "python",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".toml": "toml",
    ".tf": "terraform",
    "Dockerfile": "dockerfile",
}
"""By the ending of a file, or by its name."""

# The repository's linter wants it in each file. It matters to a reader only where names exist for type checkers alone.
FUTURE = "from __future__ import annotations\n\n"
FROM_FOLDER = re.compile(r"^( *)from (docs(?:\.\w+)+) import ", re.MULTILINE)
MODULE = re.compile(r"\bdocs\.examples((?:\.\w+)+)")


def made_page(text: str) -> str:
    """Return a page with all its code written anew."""
    return FIGURES.sub(lambda _: f"<!-- figures -->\n\n{figures.markdown()}\n\n<!-- end -->", PART.sub(made_part, text))


def made_part(part: re.Match[str]) -> str:
    path = ROOT / part["file"]
    options = dict(re.findall(r'(\w+)="([^"]*)"', part["more"]))
    language = LANGUAGES.get(path.suffix or path.name, "text")
    options = options if language == "text" else {"title": path.name, **options}
    said = "".join(f' {name}="{value}"' for name, value in options.items() if value)
    code = as_of_a_reader(section_of(path.read_text(encoding="utf-8"), part["section"]))
    block = f"\n```{language}{said}\n{code}\n```\n\n<!-- end -->"
    begin = part[0].splitlines()[0]
    return f"{begin}\n{textwrap.indent(block, part['indent'])}"


def section_of(text: str, name: str | None) -> str:
    """Return the part of a file that has a name, or all of it, without the comments that name parts."""
    if name is not None:
        found = re.search(rf"\[start:{name}\]\n(.*?)^[^\n]*\[end:{name}\]", text, re.DOTALL | re.MULTILINE)
        if found is None:
            sys.exit(f"Expected a part {name!r} between [start:{name}] and [end:{name}], found none.")
        text = found[1]
    return textwrap.dedent(MARK.sub("", text)).strip("\n")


def as_of_a_reader(code: str) -> str:
    """Return code that imports its neighbours as a reader's own project does."""
    code = FROM_FOLDER.sub(lambda found: f"{found[1]}import " if folder_of(found[2]).is_dir() else found[0], code)
    code = MODULE.sub(lambda found: own_name(found[1].split(".")[1:]), code)
    return code if "TYPE_CHECKING" in code else code.replace(FUTURE, "", 1).lstrip("\n")


def folder_of(module: str) -> Path:
    return ROOT.joinpath(*module.split("."))


def own_name(names: list[str]) -> str:
    """Return what a module, and what follows its name, is called in a project of its own: without the folders."""
    folder = ROOT / "docs" / "examples"
    while len(names) > 1 and (folder / names[0]).is_dir():
        folder, names = folder / names[0], names[1:]
    return ".".join(names)


def main() -> None:
    named = [Path(argument).resolve() for argument in sys.argv[1:] if not argument.startswith("-")]
    for path in named or PAGES:
        before = path.read_text(encoding="utf-8")
        after = made_page(before)
        if "--check" not in sys.argv[1:]:
            path.write_text(after, encoding="utf-8")
        elif before != after:
            sys.exit(f"Expected {path.relative_to(ROOT)} to show the code as it is. Run `make snippets`.")


if __name__ == "__main__":
    main()
