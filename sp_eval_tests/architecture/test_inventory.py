"""The house as it is described: the inventory true, decisions linked, files and functions small.

`python sp_eval_tests/architecture/test_inventory.py` writes the inventory of ARCHITECTURE.md anew.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "sp_eval"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
DECISIONS = ROOT / "docs" / "adr"
BEGIN, END = "<!-- inventory -->", "<!-- end of inventory -->"
NOT_NAMES = {"common", "utils", "util", "helpers", "helper", "misc", "tools", "shared"}
MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_FUNCTION = 400, 40
SOURCES = sorted(CODE.rglob("*.py"))
PAGES = sorted(
    [*ROOT.glob("*.md"), *DECISIONS.glob("*.md"), *(ROOT / "data_contracts").rglob("*.md")]
)


def layers() -> list[str]:
    """The layers as import-linter holds them, top first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return list(next(c for c in contracts if c["type"] == "layers")["layers"])


def rooms() -> list[str]:
    """Every room from the bottom layer up."""
    return [room for layer in reversed(layers()) for room in layer.split(" | ")]


def first_line(path: Path) -> str:
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert told, f"{path.relative_to(ROOT)} has no docstring"
    return told.split("\n\n")[0].replace("\n", " ")


def why(path: Path) -> str:
    """The grain of a SQL file, from its header."""
    text = path.read_text(encoding="utf-8")
    found = re.search(r"^-- grain:\s*(.*?)^-- reads:", text, flags=re.MULTILINE | re.DOTALL)
    assert found, path
    return re.sub(r"\s*\n--\s+", " ", found[1]).strip()


def inventory() -> str:
    """Every file of the code, room by room from the bottom up, one line each."""
    parts = []
    for room in rooms():
        single = CODE / f"{room}.py"
        files = [single] if single.exists() else sorted((CODE / room).glob("*.py"))
        head = "" if single.exists() else first_line(CODE / room / "__init__.py")
        lines = [f"- `{p.name}` {first_line(p)}" for p in files if p.name != "__init__.py"]
        parts.append("\n".join([f"### {room}", "", *([head, ""] if head else []), *lines]))
    for folder in sorted((ROOT / "sql").glob("[0-9]_*")):
        lines = [f"- `{p.name}` {why(p)}" for p in sorted(folder.glob("*.sql"))]
        parts.append("\n".join([f"### sql/{folder.name}", "", *lines]))
    return "\n\n".join(parts)


def written() -> str:
    return ARCHITECTURE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()


def own_texts() -> Iterator[Path]:
    """Every text file of the project, whether or not it lies in a clone."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: there is no list of the project's own files")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            yield ROOT / name


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and lines of code of each function: docstring, comments and blank lines do not count."""
    text = path.read_text(encoding="utf-8")
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in silent:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            last = body[-1].end_lineno or 0 if body else 0
            lines = code & set(range(body[0].lineno, last + 1)) if body else set()
            yield f"{path.name}:{node.name}", len(lines)


def test_the_inventory_is_true() -> None:
    assert written().splitlines() == inventory().splitlines()


def test_every_file_stands_in_the_inventory_once() -> None:
    modules = [path for path in SOURCES if path.name != "__init__.py"]
    models = list((ROOT / "sql").rglob("*.sql"))
    assert written().count("\n- `") == len(modules) + len(models)


def test_the_layers_it_names_are_those_held() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    block = re.search(r"^```layers\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    named = [line.split("  ")[0].strip() for line in block[1].splitlines()]
    assert named == layers()


def test_every_decision_is_linked_and_numbered() -> None:
    pages = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    numbers = [name[:4] for name in pages]
    assert len(set(numbers)) == len(numbers)
    listed = (DECISIONS / "README.md").read_text(encoding="utf-8")
    assert [name for name in pages if f"]({name})" not in listed] == []


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda p: p.stem[:4])
def test_a_decision_has_its_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    heads = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert heads == ["Context", "Decision", "Consequences"]
    assert re.search(r"^\d{4}-\d{2}-\d{2}, accepted$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tops = "|".join(["sp_eval", "sp_eval_tests", "sql", "studies", "data_contracts", "docs"])
    rooms_named = "|".join(p.name for p in CODE.iterdir() if p.is_dir() and p.name[0] != "_")
    named = re.findall(rf"`((?:{tops})/[\w./]+\.\w+)`", text)
    named += [f"sp_eval/{n}" for n in re.findall(rf"`((?:{rooms_named})/\w+\.py)`", text)]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_no_place_of_one_machine_is_named() -> None:
    folders = "|".join(["work", "root", "home", "opt", "tmp", "mnt", "Users"])
    hosts = "|".join(["pypi" + r"\.", "python" + "hosted", "--" + "index-url", "artifac" + "tory"])
    place = re.compile(rf"(?<![\w>.}})\]*])/(?:{folders})/\w|{hosts}")
    found = []
    for path in own_texts():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in place.finditer(text)]
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_functions_are_small(path: Path) -> None:
    long = {name for name, lines in functions(path) if lines > MOST_LINES_OF_A_FUNCTION}
    assert long == set()


def test_files_are_small() -> None:
    written_by_hand = [
        p for kind in ("sp_eval", "sp_eval_tests", "sql") for p in _code(ROOT / kind)
    ]
    sizes = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in written_by_hand}
    assert len(sizes) > len(SOURCES)
    assert {p: n for p, n in sizes.items() if n > MOST_LINES_OF_A_FILE} == {}


def _code(folder: Path) -> list[Path]:
    return [*folder.rglob("*.py"), *folder.rglob("*.sql")]


def test_no_module_is_a_drawer() -> None:
    assert [p for p in SOURCES if p.stem in NOT_NAMES or p.parent.name in NOT_NAMES] == []


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.name == "__init__.py"], ids=lambda p: p.parent.name
)
def test_an_init_holds_a_docstring_and_at_most_the_version(path: Path) -> None:
    held = ast.parse(path.read_text(encoding="utf-8")).body
    assert ast.unparse(held[0]).startswith(("'", '"')), "the first line says what the room is for"
    assert [ast.unparse(n).split(" = ")[0] for n in held[1:]] in ([], ["__version__"])


if __name__ == "__main__":
    before, rest = ARCHITECTURE.read_text(encoding="utf-8").split(BEGIN)
    ARCHITECTURE.write_text(
        f"{before}{BEGIN}\n{inventory()}\n{END}{rest.split(END)[1]}", encoding="utf-8"
    )
