"""The habits of the house: sizes, layers, doors, and what repository text may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sp_eval.settings import project_root

ROOT = project_root()
SOURCES = sorted((ROOT / "sp_eval").rglob("*.py"))
TESTS = sorted((ROOT / "sp_eval_tests").rglob("*.py"))
MOST_LINES = 400
LONGEST_FUNCTION = 40


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and its docstring."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_too_long_to_read() -> None:
    lines = {named(p): len(p.read_text(encoding="utf-8").splitlines()) for p in [*SOURCES, *TESTS]}
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}


def test_no_function_is_too_long_to_read() -> None:
    long = [
        f"{named(path)}: {f.name}"
        for path in SOURCES
        for f in functions(path)
        if code_lines(f) > LONGEST_FUNCTION
    ]
    assert long == []


def test_every_file_says_what_it_is_for() -> None:
    trees = {named(path): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_packages_hold_no_code_of_their_own() -> None:
    packages = [path for path in SOURCES if path.name == "__init__.py"]
    assert len(packages) > 10
    for path in packages:
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert all(isinstance(node, ast.Expr | ast.Assign) for node in body), named(path)


def test_no_room_is_named_for_odds_and_ends() -> None:
    odd = {"utils", "helpers", "common", "misc"}
    assert [named(p) for p in SOURCES if odd & set(re.split(r"[/.]", named(p)))] == []


def test_no_thought_is_left_unfinished_and_no_machine_is_named() -> None:
    # in pieces, so that this file is not what it looks for
    thoughts = "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"])
    places = "|".join("/" + place for place in ("work/", r"home/\w+/", "root/", r"Users/\w+/"))
    mark = re.compile(rf"\b({thoughts})\b|NotImplemented" + "Error|" + places)
    texts = [*SOURCES, *sorted((ROOT / "sql").rglob("*.sql")), *sorted(ROOT.glob("*.md"))]
    found = [named(p) for p in texts if mark.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_layers_and_doors_hold() -> None:
    pytest.importorskip("importlinter")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2_000:]


def test_each_library_has_one_door() -> None:
    doors = {
        "duckdb": ("warehouse",),
        "pandera": ("contracts",),
        "great_expectations": ("contracts",),
        "dagster": ("orchestration",),
        "statsmodels": ("comparison", "models"),
    }
    strangers = []
    for path in SOURCES:
        room = path.relative_to(ROOT / "sp_eval").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            used = {name.split(".")[0] for name in names} & doors.keys()
            strangers += [
                f"{named(path)}: {library}" for library in used if room not in doors[library]
            ]
    assert strangers == []


def test_importing_the_evaluation_reads_no_file_and_no_environment() -> None:
    script = """
import builtins, os, sys
import polars, numpy, duckdb, pydantic, yaml, scipy.stats, threadpoolctl
import open_data_contract_standard
read = []
real = builtins.open
def spy(file, *a, **k):
    if "sp_eval" in str(file) and not str(file).endswith((".py", ".pyc")):
        read.append(str(file))
    return real(file, *a, **k)
builtins.open = spy
import sp_eval.evaluation
print(read)
print("dagster" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["[]", "False"], done.stderr[-1_000:]
