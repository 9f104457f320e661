"""What is derived from a contract, read back from where it ends up and held against the YAML.

The YAML is read here by itself, not through `odcs`, so that a slip of the reader shows too.
"""

from pathlib import Path
from typing import Any

import duckdb
import pandera.polars as pa
import polars as pl
import pytest
import yaml

from sp_eval.contracts.ddl import create_table_sql
from sp_eval.contracts.frames import empty_frame, pandera_schema
from sp_eval.contracts.odcs import Kind, contract_names, load_contract
from sp_eval.contracts.template import write_template
from sp_eval.settings import project_root

ALL: list[tuple[Kind, str]] = [
    *(("extract", name) for name in contract_names("extract")),
    *(("published", name) for name in contract_names("published")),
    *(("reference", name) for name in contract_names("reference")),
]
PROVENANCE = [
    ("scheme_code", "VARCHAR", False),
    ("delivery_id", "VARCHAR", False),
    ("source_file", "VARCHAR", False),
    ("source_row", "INTEGER", False),
]
EDITION = [("source", "VARCHAR", False), ("vintage", "VARCHAR", False), *PROVENANCE[1:]]
ORIGIN = {"extract": PROVENANCE, "reference": EDITION, "published": []}
POLARS = {
    "VARCHAR": pl.String,
    "DATE": pl.Date,
    "INTEGER": pl.Int32,
    "BIGINT": pl.Int64,
    "DOUBLE": pl.Float64,
    "BOOLEAN": pl.Boolean,
    "TIMESTAMP": pl.Datetime("us"),
}


def declared(kind: Kind, name: str) -> dict[str, Any]:
    path = project_root() / "data_contracts" / kind / f"{name}.odcs.yaml"
    table: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["schema"][0]
    return table


def custom(raw: dict[str, Any], name: str) -> Any:
    extras = {extra["property"]: extra["value"] for extra in raw.get("customProperties", [])}
    return extras.get(name)


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_duckdb_table_is_as_declared(kind: Kind, name: str) -> None:
    table = declared(kind, name)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA house")
        for statement in create_table_sql(load_contract(name, kind), schema="house"):
            connection.execute(statement)
        columns = connection.execute(
            "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns()"
            " WHERE schema_name = 'house' AND table_name = $name ORDER BY column_index",
            {"name": name},
        ).fetchall()
        (comment,) = connection.execute(
            "SELECT comment FROM duckdb_tables() WHERE schema_name = 'house'"
        ).fetchall()[0]
    expected = [
        (raw["name"], raw["physicalType"], not raw.get("required", False))
        for raw in table["properties"]
    ]
    found = [row[:3] for row in columns]
    assert found == expected + ORIGIN[kind]
    assert table["dataGranularityDescription"] in comment
    for raw, (column, _, _, text) in zip(table["properties"], columns, strict=False):
        assert raw["description"] in text, column
        unit = custom(raw, "unit")
        assert unit is None or f"Unit: {unit}." in text, column
    assert all(text for *_, text in columns)


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_pandera_schema_is_as_declared(kind: Kind, name: str) -> None:
    table = declared(kind, name)
    schema = pandera_schema(load_contract(name, kind))
    assert list(schema.columns) == [raw["name"] for raw in table["properties"]]
    for raw in table["properties"]:
        column: pa.Column = schema.columns[raw["name"]]
        assert column.dtype.type == POLARS[raw["physicalType"]], raw["name"]
        assert column.nullable is not raw.get("required", False), raw["name"]
        assert column.unique is raw.get("unique", False), raw["name"]
        assert declared_checks(raw, table) == built_checks(column), raw["name"]


def declared_checks(raw: dict[str, Any], table: dict[str, Any]) -> set[tuple[str, object]]:
    options = raw.get("logicalTypeOptions", {})
    checks = {(key, value) for key, value in options.items()}
    for quality in raw.get("quality", []):
        checks.add(("values", tuple(sorted(quality["arguments"]["validValues"]))))
    codes = custom(raw, "codes")
    if codes is not None:
        checks.add(("values", tuple(sorted(in_code_list(codes)))))
    for rule in table.get("quality", []):
        body = rule["implementation"]
        if body["columns"][0] == raw["name"] and body.get("scope") != "dataset":
            checks.add(("row_rule", rule["name"]))
    return checks


def in_code_list(reference: str) -> set[str]:
    name, column = reference.split(".")
    path = project_root() / "data_contracts" / "codes" / f"{name}.csv"
    return set(pl.read_csv(path, infer_schema=False)[column])


def built_checks(column: pa.Column) -> set[tuple[str, object]]:
    checks: set[tuple[str, object]] = set()
    for check in column.checks:
        facts = check.statistics or {}
        if check.name == "isin":
            checks.add(("values", tuple(sorted(facts["allowed_values"]))))
        elif check.name == "greater_than_or_equal_to":
            checks.add(("minimum", facts["min_value"]))
        elif check.name == "less_than_or_equal_to":
            checks.add(("maximum", facts["max_value"]))
        elif check.name == "str_matches" and check.error == "unknown_code":
            one = str(facts["pattern"]).split("(")[1].split(")")[0]
            checks.add(("values", tuple(sorted(one.split("|")))))
        elif check.name == "str_matches":
            checks.add(("pattern", facts["pattern"]))
        else:
            checks.add(("row_rule", check.error))
    return checks


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_an_empty_frame_keeps_its_contract(kind: Kind, name: str) -> None:
    contract = load_contract(name, kind)
    frame = empty_frame(contract, provenance=kind != "published")
    raw = declared(kind, name)["properties"]
    expected = {column["name"]: POLARS[column["physicalType"]] for column in raw}
    expected |= {column: POLARS[dtype] for column, dtype, _ in ORIGIN[kind]}
    assert dict(frame.schema) == expected
    with duckdb.connect() as connection:
        for statement in create_table_sql(contract, schema="main"):
            connection.execute(statement)
        connection.register("incoming", frame)
        connection.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM incoming')
        assert connection.execute(f'SELECT count(*) FROM "{name}"').fetchall() == [(0,)]


@pytest.mark.parametrize("name", contract_names("extract"))
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_template_header_is_as_declared(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"blank.{suffix}"
    write_template(load_contract(name), path)
    expected = [raw["name"] for raw in declared("extract", name)["properties"]]
    if suffix == "csv":
        assert path.read_text(encoding="utf-8-sig").splitlines() == [",".join(expected)]
    else:
        header = pl.read_excel(path, has_header=False, read_options={"dtypes": "string"})
        assert list(header.row(0)) == expected
        assert header.height == 1
