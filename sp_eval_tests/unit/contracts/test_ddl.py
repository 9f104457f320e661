from sp_eval.contracts.contract import Column, Contract
from sp_eval.contracts.ddl import create_table_sql

DAYS = Column(
    name="days",
    logical_type="integer",
    physical_type="INTEGER",
    required=True,
    unit="days",
    description="Somebody's days.",
)
KIND = Column(
    name="kind",
    logical_type="string",
    physical_type="VARCHAR",
    allowed=("short", "long"),
    description="What kind.",
)
STAY = Contract(
    name="stay",
    kind="published",
    version="1.0.0",
    description="How long people stayed.",
    grain="One row a stay.",
    columns=(DAYS, KIND),
)


def test_statements_name_schema_types_nulls_units_and_values() -> None:
    assert create_table_sql(STAY, schema="research") == (
        'CREATE TABLE "research"."stay" (\n    "days" INTEGER NOT NULL,\n    "kind" VARCHAR\n)',
        'COMMENT ON TABLE "research"."stay" IS \'One row a stay. How long people stayed.\'',
        'COMMENT ON COLUMN "research"."stay"."days" IS \'Somebody\'\'s days. Unit: days.\'',
        'COMMENT ON COLUMN "research"."stay"."kind" IS \'What kind. One of: short, long.\'',
    )
