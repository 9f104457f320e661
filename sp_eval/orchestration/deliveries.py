"""One scheme's month taken in by itself: the asset `delivery`, partitioned by month and scheme."""

# No `from __future__ import annotations` here: Dagster reads the annotations of op functions.
from typing import Any

import dagster as dg

from sp_eval.settings import Settings

__all__ = [
    "DELIVERIES",
    "DELIVERY",
    "MONTHS",
    "SCHEMES",
    "delivery_asset",
    "partition_of",
    "register",
    "standing_in",
]

DELIVERY = "delivery"
SCHEMES = dg.DynamicPartitionsDefinition(name="scheme")
MONTHS = dg.DynamicPartitionsDefinition(name="month")
DELIVERIES = dg.MultiPartitionsDefinition({"month": MONTHS, "scheme": SCHEMES})

_HOLDS = (
    "One scheme's month as it was taken in: what came, what was used, what was refused.\n\n"
    "Green: taken in. Red: stopped, nothing of that month is used until it is mended. The figures"
    " of the evaluation do not change by this alone; it follows by itself, once, after the last"
    " delivery that waits. To take in everything at once, use the job"
    " evaluate_everything_received; it asks for no month."
)


def delivery_asset(settings: Settings) -> dg.AssetsDefinition:
    """The asset whose partitions are the months of every scheme."""

    @dg.asset(
        name=DELIVERY,
        partitions_def=DELIVERIES,
        group_name="1_received",
        description=_HOLDS,
        kinds={"duckdb"},
        owners=["team:evaluation"],
    )
    def delivery(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        from sp_eval.orchestration.work import take_in_one_month

        return take_in_one_month(settings, context)

    return delivery


def partition_of(scheme: str, month: str) -> dg.MultiPartitionKey:
    """The name of one scheme's month among the partitions: `2019-04|rotherham`."""
    return dg.MultiPartitionKey({"month": month, "scheme": scheme})


def register(instance: dg.DagsterInstance, schemes: list[str], months: list[str]) -> None:
    """Make schemes and months known as partitions; those known already are left alone."""
    for definition, keys in ((SCHEMES, schemes), (MONTHS, months)):
        known = set(instance.get_dynamic_partitions(str(definition.name)))
        if new := sorted(set(keys) - known):
            instance.add_dynamic_partitions(str(definition.name), new)


def standing_in(run: dg.DagsterRun) -> tuple[str, str] | None:
    """The scheme and month a run of Dagster was asked for; None where it was asked for all."""
    scheme = run.tags.get(f"dagster/partition/{SCHEMES.name}")
    month = run.tags.get(f"dagster/partition/{MONTHS.name}")
    return (scheme, month) if scheme and month else None
