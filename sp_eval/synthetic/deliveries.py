"""Whole deliveries with known truth: in the senders' own styles, or in contract form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from sp_eval.synthetic.faults import FaultRates, TablePlan, plan_faults
from sp_eval.synthetic.identity import Identity, draw_identity
from sp_eval.synthetic.planting import FAULT_COLUMNS, plant
from sp_eval.synthetic.raw_table import RawTable, SheetForm, write_csv, write_workbook
from sp_eval.synthetic.referral_list import keyed_referrals
from sp_eval.synthetic.settings import EXAMPLE, WorldSettings
from sp_eval.synthetic.truth_files import unusable_people, write_truth
from sp_eval.synthetic.wishes import first_of, settings_of
from sp_eval.synthetic.world import Records, draw_records, simulate, world_truth
from sp_eval.synthetic.writers import WRITERS

__all__ = ["raw_tables", "write_contract_form", "write_deliveries"]

Progress = Callable[[str], None]


def write_deliveries(
    out: Path,
    *,
    schemes: Sequence[str] = EXAMPLE,
    people: int | None = None,
    referred: int | None = None,
    seed: int = 1,
    effects: Mapping[str, float] | None = None,
    faults: FaultRates | None = None,
    month: str = "2019-04",
    months: Sequence[str] | None = None,
    hidden_driver: float = 0.0,
    progress: Progress | None = None,
) -> Path:
    """Write raw deliveries to `<out>/<scheme>/<YYYY-MM>/` and what is true of them.

    Parameters
    ----------
    schemes
        Names of `styles.STYLES`, each in its own style; by default the two of the example.
    people, referred
        Everybody ever registered, and about how many are referred, in each scheme; by default
        the style's own numbers, 4,000 and 300 where it has none.
    effects
        Rate ratio by outcome; those not named keep `settings.DEFAULT_EFFECTS`.
    faults
        None: every row is sound, nobody refuses consent, is unlinked or referred twice.
    month, months
        When the delivery is cut: it holds what is dated before the first of the month and
        what was known then. Several `months` give cumulative deliveries of the same world;
        the truth is then told as of the last.
    hidden_driver
        See `WorldSettings`; 0 for none.

    Returns
    -------
    Path
        `<out>/truth`, holding `truth.json` and `faults.csv` (scheme, file, sheet,
        row_number, rule, detail; `file` begins with the month).
    """
    say = progress or (lambda _: None)
    rates = faults if faults is not None else FaultRates.none()
    cuts = tuple(months) if months else (month,)
    truth: dict[str, Any] = {}
    logs: list[pl.DataFrame] = []
    rows: dict[str, int] = {}
    worlds = settings_of(
        schemes, people=people, referred=referred, seed=seed, effects=effects, rates=rates, to=cuts,
        hidden_driver=hidden_driver,
    )  # fmt: skip
    for settings in worlds:
        say(f"{settings.scheme_code}: simulating {settings.people:,} people")
        records, identity, tables = raw_tables(settings, rates)
        plans = plan_faults(settings, tables, rates)
        for one in cuts:
            say(f"{settings.scheme_code}: writing {one}")
            cut = settings.day(first_of(one))
            log, counts = _write(
                out, settings, _tables(settings, records, identity, cut), plans, one
            )
            logs.append(log)
            rows |= counts
        truth[settings.scheme_code] = world_truth(
            settings,
            records,
            unusable=unusable_people(settings, tables, plans),
            cut=settings.day(first_of(max(cuts))),
        )
    found = pl.concat(logs) if logs else pl.DataFrame(schema=FAULT_COLUMNS)
    parameters = {
        **_parameters(worlds, seed, effects),
        "months": list(cuts),
        "faults": asdict(rates),
        **_hidden(hidden_driver),
    }
    return write_truth(out, parameters=parameters, truth=truth, faults=found, rows=rows)


def raw_tables(
    settings: WorldSettings, rates: FaultRates
) -> tuple[Records, Identity, list[RawTable]]:
    """Return a world's records, its people's identity and its whole delivery without faults.

    The records' referrals are those the scheme keyed (`keyed_referrals`).
    """
    drawn = draw_records(settings)
    late = rates.wanted("referral_after_death", drawn.referral.height, by_hand=True)
    referral = keyed_referrals(settings, drawn, late)
    records = replace(drawn, referral=referral)
    people = records.people
    identity = draw_identity(
        settings,
        pl.DataFrame(
            {
                "female": people.female,
                "born_on": people.born_on,
                "ethnic": people.ethnic,
                "lsoa": people.lsoa,
            }
        ),
        strangers=referral.height - int(referral["is_known"].sum()),
    )
    return records, identity, _tables(settings, records, identity, settings.days)


def write_contract_form(
    out: Path,
    *,
    schemes: Sequence[str] = EXAMPLE,
    people: int | None = None,
    referred: int | None = None,
    seed: int = 1,
    effects: Mapping[str, float] | None = None,
    hidden_driver: float = 0.0,
    progress: Progress | None = None,
) -> Path:
    """Write `<out>/<scheme>/<contract>.parquet` and `<out>/truth/truth.json`; return the latter.

    The world is one in which some refuse consent, are unlinked or referred twice.
    """
    say = progress or (lambda _: None)
    truth: dict[str, Any] = {}
    rows: dict[str, int] = {}
    worlds = settings_of(
        schemes, people=people, referred=referred, seed=seed, effects=effects, rates=FaultRates(),
        hidden_driver=hidden_driver,
    )  # fmt: skip
    for settings in worlds:
        say(f"{settings.scheme_code}: simulating {settings.people:,} people")
        world = simulate(settings)
        folder = out / settings.scheme_code
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in world.tables.items():
            frame.write_parquet(folder / f"{name}.parquet")
            rows[f"{settings.scheme_code}/{name}"] = frame.height
        truth[settings.scheme_code] = world.truth
    parameters = {**_parameters(worlds, seed, effects), **_hidden(hidden_driver)}
    return (
        write_truth(out, parameters=parameters, truth=truth, faults=None, rows=rows) / "truth.json"
    )


def _parameters(
    worlds: Sequence[WorldSettings], seed: int, effects: Mapping[str, float] | None
) -> dict[str, Any]:
    """What was asked for; sizes by scheme where they differ."""
    sizes: dict[str, Any] = {}
    for name in ("people", "referred"):
        by_scheme = {world.scheme_code: getattr(world, name) for world in worlds}
        alike = len(set(by_scheme.values())) == 1
        sizes[name] = next(iter(by_scheme.values())) if alike else by_scheme
    return {**sizes, "seed": seed, "effects": dict(effects or {})}


def _hidden(strength: float) -> dict[str, float]:
    """The parameter, where the world has such a driver."""
    return {"hidden_driver": strength} if strength else {}


def _tables(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    writers = WRITERS[settings.looks_like]
    return [table for writer in writers for table in writer(settings, records, identity, cut)]


def _write(
    out: Path,
    settings: WorldSettings,
    tables: Sequence[RawTable],
    plans: Mapping[str, TablePlan],
    month: str,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Plant the faults and write one delivery; return the faults and the rows of each file."""
    folder = out / settings.scheme_code / month
    logs: list[pl.DataFrame] = []
    rows: dict[str, int] = {}
    sheets: list[RawTable] = []
    for table in tables:
        planted, log = plant(table, plans[table.key])
        if isinstance(table.form, SheetForm):
            sheets.append(planted)
        else:
            write_csv(planted, folder)
        name = f"{month}/{table.path}"
        place = f"{settings.scheme_code}/{name}" + (f"#{table.sheet}" if table.sheet else "")
        rows[place] = planted.frame.height
        logs.append(
            log.select(
                pl.lit(settings.scheme_code).alias("scheme"),
                pl.lit(name).alias("file"),
                pl.lit(table.sheet).alias("sheet"),
                *log.columns,
            )
        )
    if sheets:
        made = first_of(month)
        write_workbook(sheets, folder, when=datetime(made.year, made.month, made.day))  # noqa: DTZ001
    return pl.concat(logs), rows
