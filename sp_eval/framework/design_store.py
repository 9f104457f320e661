"""A scheme's design kept as tables, so that the gate and the models can run later, or elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from sp_eval.comparison.covariates import Covariates
from sp_eval.comparison.scheme_design import PoolDesign, SchemeDesign
from sp_eval.comparison.subgroup_sets import Subgroups
from sp_eval.warehouse.build import create_schemas
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.contract_tables import has_table
from sp_eval.warehouse.frames import read_frame, store_frame

__all__ = [
    "SchemeCompared",
    "forget_compared",
    "kept_schemes",
    "load_all",
    "load_compared",
    "save_compared",
]

_POOL_FACTS = (
    "pool",
    "n_exposed",
    "n_matched",
    "effective_comparison",
    "pool_has_non_referring",
    "outside_range",
    "equipoise_pool",
    "equipoise_matched",
)


@dataclass(frozen=True, slots=True)
class SchemeCompared:
    """One scheme up to the gate; `design` None where no comparison can be made, `reason` why.

    `attrition`: rows of `published.attrition`.
    """

    scheme_code: str
    design: SchemeDesign | None
    attrition: list[dict[str, Any]]
    reason: str | None


def forget_compared(conn: Connection) -> None:
    """Drop every design kept."""
    conn.execute("drop schema if exists design cascade")


def save_compared(conn: Connection, compared: SchemeCompared) -> None:
    """Store what was decided, in schema `design`, by scheme."""
    create_schemas(conn, ["design"])
    conn.execute("create table if not exists design.scheme (scheme_code varchar, facts varchar)")
    conn.execute(
        "delete from design.scheme where scheme_code = $scheme", {"scheme": compared.scheme_code}
    )
    facts: dict[str, Any] = {"reason": compared.reason, "attrition": compared.attrition}
    design = compared.design
    if design is not None:
        facts |= {
            "groups": design.covariates.groups,
            "adjustment": design.covariates.adjustment,
            "pools": [_facts(p) for p in (design.primary, design.other) if p is not None],
        }
        for name, frame in _frames(design).items():
            store_frame(conn, _table(compared.scheme_code, name), frame)
    conn.execute(
        "insert into design.scheme values ($scheme, $facts)",
        {"scheme": compared.scheme_code, "facts": json.dumps(facts)},
    )


def kept_schemes(conn: Connection) -> tuple[str, ...]:
    """The schemes whose design is kept."""
    if not has_table(conn, "design", "scheme"):
        return ()
    found = read_frame(conn, "select scheme_code from design.scheme order by scheme_code")
    return tuple(found["scheme_code"])


def load_all(conn: Connection) -> Iterator[SchemeCompared]:
    """Read back one scheme after another."""
    return (load_compared(conn, scheme) for scheme in kept_schemes(conn))


def load_compared(conn: Connection, scheme: str) -> SchemeCompared:
    """Read back what `save_compared` stored."""
    found = read_frame(
        conn, "select facts from design.scheme where scheme_code = $scheme", {"scheme": scheme}
    )
    facts = json.loads(found["facts"][0])
    if "groups" not in facts:
        return SchemeCompared(scheme, None, facts["attrition"], facts["reason"])

    def of(name: str) -> pl.DataFrame:
        return read_frame(conn, f"from {_table(scheme, name)} order by all")

    groups = {key: tuple(columns) for key, columns in facts["groups"].items()}
    covariates = Covariates(of("covariate"), groups, tuple(facts["adjustment"]))
    pools = [
        PoolDesign(matched=of(f"matched_{at}"), balance=of(f"balance_{at}"), **pool)
        for at, pool in enumerate(facts["pools"])
    ]
    design = SchemeDesign(
        candidates=of("candidate"),
        covariates=covariates,
        primary=pools[0],
        other=pools[1] if len(pools) > 1 else None,
        hazards=of("hazard"),
        sample=of("sample"),
        subgroups=Subgroups(of("level"), of("level_set")),
    )
    return SchemeCompared(scheme, design, facts["attrition"], facts["reason"])


def _frames(design: SchemeDesign) -> dict[str, pl.DataFrame]:
    frames = {
        "candidate": design.candidates,
        "covariate": design.covariates.frame,
        "hazard": design.hazards,
        "sample": design.sample,
        "level": design.subgroups.levels,
        "level_set": design.subgroups.matched,
    }
    for at, pool in enumerate(p for p in (design.primary, design.other) if p is not None):
        frames |= {f"matched_{at}": pool.matched, f"balance_{at}": pool.balance}
    return frames


def _facts(pool: PoolDesign) -> dict[str, Any]:
    return {name: getattr(pool, name) for name in _POOL_FACTS}


def _table(scheme: str, name: str) -> str:
    return f'design."{scheme}/{name}"'
