"""Assets generated from the pipeline: one step is one multi-asset, one table one key."""

# No `from __future__ import annotations` here: Dagster reads the annotations of op functions.
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from sp_eval.contracts.odcs import Column, Kind, load_contract
from sp_eval.contracts.scheme_mapping import mapped_schemes
from sp_eval.operation.tables import TABLES, Table
from sp_eval.orchestration.checks import checks_of
from sp_eval.orchestration.deliveries import delivery_asset
from sp_eval.orchestration.places import kind_of, place_of
from sp_eval.pipeline import STEPS, Step
from sp_eval.settings import Settings

__all__ = ["all_assets"]

_OWNERS = ["team:evaluation"]
_SUMMARISED = (
    "files_received",
    "refused_rows",
    "change_since_last_delivery",
    "quality_of_deliveries",
    "who_can_be_followed",
    "can_this_be_answered",
    "balance",
    "design_checks",
    "overlap",
    "difference_made",
    "contacts_before_and_after",
    "diagnostics",
    "side_by_side",
    "subgroups",
    "other_methods",
)


def all_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """One multi-asset for each step of the pipeline, and the months beside the first."""
    schemes = mapped_schemes()
    steps = [_assets_of(step, settings, schemes) for step in STEPS]
    return [delivery_asset(settings), *steps]


def _assets_of(step: Step, settings: Settings, schemes: Sequence[str]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=step.name,
        specs=[_spec(step, TABLES[name], settings) for name in step.writes],
        check_specs=[
            dg.AssetCheckSpec(check.name, asset=check.table, description=check.description)
            for check in checks_of(step.name, schemes)
        ],
        # in the order of the pipeline, also where no arrow says so
        op_tags={"dagster/priority": str(-STEPS.index(step))},
    )
    def do(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        from sp_eval.orchestration.work import do_step

        yield from do_step(step, settings, context)

    return do


def _spec(step: Step, table: Table, settings: Settings) -> dg.AssetSpec:
    earlier = [name for name in step.writes if TABLES[name].group < table.group]
    # an arrow back to an earlier heading would turn the picture of the headings round
    reads = [name for name in step.reads if TABLES[name].group <= table.group]
    return dg.AssetSpec(
        table.name,
        deps=[*reads, *earlier],  # not on `delivery`: the one button would first ask for it
        group_name=table.group,
        description=_description(table, settings),
        kinds={kind_of(table)},
        owners=_OWNERS,
        metadata=_columns(table),
    )


def _description(table: Table, settings: Settings) -> str:
    parts = [table.holds]
    if table.name == "files_received":
        parts.append(
            f"Read from the folder `{settings.landing}`: put each delivery into"
            " `<scheme>/<YYYY-MM>/` there, as the scheme sent it."
        )
    if table.lies == "published":
        parts.append(f"It lies at `{place_of(settings, table)}`: open it from there.")
    if table.name in _SUMMARISED:
        parts.append("Its picture and summary stand under Metadata, below, and on the tab Events.")
    return "\n\n".join(parts)


def _columns(table: Table) -> Mapping[str, Any]:
    """The contract's columns, as Dagster shows them.

    Under its own heading Dagster puts them above everything else: where there is a picture or a
    summary, they stand after it instead.
    """
    if not table.contract:
        return {}
    kind, name = _contract_of(table.contract)
    columns = [_column(column) for column in load_contract(name, kind).columns]
    key = "columns" if table.name in _SUMMARISED else "dagster/column_schema"
    return {key: dg.TableSchema(columns=columns)}


def _column(column: Column) -> dg.TableColumn:
    unit = f" Unit: {column.unit}." if column.unit else ""
    limits = [
        f"{word} {bound:g}"
        for word, bound in (("at least", column.minimum), ("at most", column.maximum))
        if bound is not None
    ]
    if column.allowed and len(column.allowed) <= 12:
        limits.append("one of " + ", ".join(column.allowed))
    return dg.TableColumn(
        column.name,
        type=column.physical_type,
        description=column.description + unit,
        constraints=dg.TableColumnConstraints(
            nullable=not column.required, unique=column.unique, other=limits
        ),
    )


def _contract_of(contract: str) -> tuple[Kind, str]:
    kind, _, name = contract.partition("/")
    return ("published" if kind == "published" else "extract"), name
