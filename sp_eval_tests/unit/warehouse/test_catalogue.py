"""Headers of SQL files say what the SELECT does: its parameters, its tables, its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from sp_eval.warehouse.catalogue import CatalogueError, Model, models_of, read_catalogue

MODELS = read_catalogue()
HEADER = """-- model:  core.{name}
-- grain:  one row
-- reads:  {reads}
-- params: {params}
-- why:    a test
select 1 as one
"""


def tables_read(model: Model) -> set[str]:
    tree = sqlglot.parse_one(model.select, dialect="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = {f"{t.db}.{t.name}" if t.db else t.name for t in tree.find_all(exp.Table)}
    return found - own


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_header_names_the_tables_read(model: Model) -> None:
    assert tables_read(model) == set(model.reads)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_header_names_the_parameters_bound(model: Model) -> None:
    body = "\n".join(line for line in model.select.splitlines() if not line.startswith("--"))
    assert sorted(set(re.findall(r"\$(\w+)", body))) == list(model.params)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_one_file_is_one_select_of_named_columns(model: Model) -> None:
    statements = sqlglot.parse(model.select, dialect="duckdb")
    assert len(statements) == 1
    assert isinstance(statements[0], exp.Select | exp.Union)
    assert model.grain.startswith("one row per ")


def test_models_come_after_what_they_read() -> None:
    seen: set[str] = set()
    names = {model.name for model in MODELS}
    for model in MODELS:
        assert {r for r in model.reads if r in names} <= seen
        seen.add(model.name)


def test_rooms_read_only_those_before_them() -> None:
    rooms = ["reference", "extract", "core", "service", "cohort", "outcome"]
    for model in MODELS:
        for table in model.reads:
            assert rooms.index(table.split(".")[0]) <= rooms.index(model.schema), model.name


def test_models_of_some_schemas_only() -> None:
    assert {m.schema for m in models_of(["service", "cohort"])} == {"service", "cohort"}


def write(root: Path, name: str, *, reads: str = "-", params: str = "-", folder: str = "1_core"):
    (root / folder).mkdir(parents=True, exist_ok=True)
    text = HEADER.format(name=name, reads=reads, params=params)
    (root / folder / f"{name}.sql").write_text(text, encoding="utf-8")


def test_a_circle_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one", reads="core.two")
    write(tmp_path, "two", reads="core.one")
    with pytest.raises(CatalogueError, match="in a circle"):
        read_catalogue(tmp_path)


def test_a_header_that_disagrees_with_its_place_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one", folder="2_service")
    with pytest.raises(CatalogueError, match=r"says core\.one, its place service\.one"):
        read_catalogue(tmp_path)


def test_a_header_that_lacks_a_line_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one")
    path = tmp_path / "1_core" / "one.sql"
    path.write_text(path.read_text().replace("-- why:    a test\n", ""))
    with pytest.raises(CatalogueError, match="lacks why"):
        read_catalogue(tmp_path)


def test_names_go_over_lines_and_leave_units_out(tmp_path: Path) -> None:
    reads = "extract.a,\n--         extract.b"
    write(tmp_path, "one", reads=reads, params="$days (days), $from (date)")
    model = read_catalogue(tmp_path)[0]
    assert model.reads == ("extract.a", "extract.b")
    assert model.params == ("days", "from")
