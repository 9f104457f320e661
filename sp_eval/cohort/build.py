"""Who may be analysed, from when, and their counts: the SQL of core, cohort and outcome, bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import polars as pl

from sp_eval.study.design import StudyDesign
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.study.windows import HISTORY_BANDS, LOOKBACK_COLUMNS
from sp_eval.warehouse.build import Built, build, create_schemas
from sp_eval.warehouse.catalogue import models_of
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import read_frame, store_frame

ANALYSED_MONTH = "outcome.analysed_month"

__all__ = [
    "build_analysed_months",
    "build_candidates",
    "build_core",
    "build_outcomes",
    "read_analysed_months",
    "read_carers",
    "read_eligible",
    "read_ended",
    "read_held_clocks",
    "read_history",
    "read_outcomes",
    "read_person_keys",
    "read_responses",
    "read_use_counted",
    "read_use_counts",
    "referral_span",
    "referrals_received",
    "schemes_found",
    "study_parameters",
]

Told = Callable[[Built], None] | None


def build_core(conn: Connection, told: Told = None) -> None:
    """Make `core.*` from `extract.*`: one definition for all schemes."""
    build(conn, models_of(["core"]), {}, told)


def build_candidates(conn: Connection, study: StudyDesign, told: Told = None) -> None:
    """Make `service.*` and `cohort.*`: everybody who may be analysed, and their history."""
    create_schemas(conn, ["cohort"])
    bands = [
        (name, w.start, w.end) for name, w in zip(LOOKBACK_COLUMNS, HISTORY_BANDS, strict=True)
    ]
    table = pl.DataFrame(bands, schema=["band", "day_from", "day_before"], orient="row")
    store_frame(conn, "cohort.history_band", table)
    build(conn, models_of(["service", "cohort"]), study_parameters(study), told)


def build_outcomes(
    conn: Connection, study: StudyDesign, followed: pl.DataFrame, told: Told = None
) -> None:
    """Make `outcome.*` for the candidates followed (`candidate_id`), after the design gate."""
    store_frame(conn, "cohort.followed", followed.select("candidate_id").unique())
    models = [m for m in models_of(["outcome"]) if m.name != ANALYSED_MONTH]
    build(conn, models, study_parameters(study), told)


def read_eligible(conn: Connection, scheme: str) -> pl.DataFrame:
    """Candidates of one scheme that may be analysed, in the order of `candidate_id`."""
    return read_frame(
        conn,
        """select * from cohort.candidate
        where scheme_code = $scheme and is_registered and is_covered and is_of_age
        order by candidate_id""",
        {"scheme": scheme},
    )


def read_history(conn: Connection, scheme: str) -> pl.DataFrame:
    """Their counts by band of days before the index date, one row where not nil."""
    return read_frame(
        conn,
        """select h.* from cohort.history as h
        inner join cohort.candidate as c on h.candidate_id = c.candidate_id
        where c.scheme_code = $scheme
        order by h.candidate_id, h.outcome, h.band""",
        {"scheme": scheme},
    )


def study_parameters(study: StudyDesign) -> dict[str, Any]:
    """Every value the SQL binds, by name; days and dates come from the study alone."""
    return {
        "seed": study.seed,
        "index_from": study.index.from_,
        "index_before": study.index_before,
        "followed_before": study.index_before + timedelta(days=study.post.end),
        "lookback_days": study.windows.lookback_days,
        "pre_days": study.windows.pre_days,
        "post_from": study.post.start,
        "post_before": study.post.end,
        "age_from": study.eligibility.age_from,
        "age_to": study.eligibility.age_to,
        "rereferral_days": study.eligibility.rereferral_days,
        "primary_clock": OUTCOMES[study.primary.name].clock,
        "gp_staff": list(study.counted_staff),
    }


def schemes_found(
    conn: Connection, study: StudyDesign, delivering: Iterable[str] = ()
) -> tuple[str, ...]:
    """The schemes the study names; all there are, and those `delivering`, if it says `all`."""
    if study.schemes != "all":
        return study.schemes
    found = read_frame(
        conn, "select scheme_code from core.person union select scheme_code from core.referral"
    )
    return tuple(sorted({*found["scheme_code"], *delivering}))


def referrals_received(conn: Connection, scheme: str) -> int:
    """Referral rows of a scheme that were accepted."""
    query = "select count(*) as n from core.referral where scheme_code = $scheme"
    return int(read_frame(conn, query, {"scheme": scheme})["n"][0])


def referral_span(conn: Connection, study: StudyDesign, scheme: str) -> tuple[int, date, date]:
    """Referrals of a scheme in the index period, and the first and last day of any it received."""
    query = """select
            count_if(referral_date >= $index_from and referral_date < $index_before) as within,
            min(referral_date) as first_day,
            max(referral_date) as last_day
        from core.referral where scheme_code = $scheme"""
    period = {"index_from": study.index.from_, "index_before": study.index_before}
    row = read_frame(conn, query, {"scheme": scheme} | period).row(0)
    return int(row[0]), row[1], row[2]


def read_held_clocks(conn: Connection, scheme: str) -> frozenset[str]:
    """The clocks whose files cover enough of the look-back to be used."""
    query = "select clock from cohort.clock_held where scheme_code = $scheme"
    return frozenset(read_frame(conn, query, {"scheme": scheme})["clock"])


def read_outcomes(conn: Connection, scheme: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """`outcome.month_time`, `outcome.month_count` and `outcome.pre_total` of one scheme."""
    time, count, pre = (
        read_frame(
            conn,
            f"""select t.* from outcome.{table} as t
            inner join cohort.candidate as c on t.candidate_id = c.candidate_id
            where c.scheme_code = $scheme order by all""",  # noqa: S608
            {"scheme": scheme},
        )
        for table in ("month_time", "month_count", "pre_total")
    )
    return time, count, pre


def read_ended(conn: Connection, scheme: str) -> pl.DataFrame:
    """`outcome.ended` of one scheme: when each followed candidate was last followed, and why."""
    return read_frame(
        conn,
        """select e.* from outcome.ended as e
        inner join cohort.candidate as c on e.candidate_id = c.candidate_id
        where c.scheme_code = $scheme order by e.candidate_id""",
        {"scheme": scheme},
    )


def read_responses(conn: Connection, scheme: str) -> pl.DataFrame:
    """`outcome.response` of one scheme."""
    query = "from outcome.response where scheme_code = $scheme order by all"
    return read_frame(conn, query, {"scheme": scheme})


def read_use_counts(conn: Connection, scheme: str) -> pl.DataFrame:
    """`outcome.use_count` of one scheme."""
    query = "from outcome.use_count where scheme_code = $scheme order by all"
    return read_frame(conn, query, {"scheme": scheme})


def read_use_counted(conn: Connection, scheme: str) -> frozenset[str]:
    """The outcomes of which a scheme sent counts before and after, whatever they say."""
    query = """select outcome from core.use_count where scheme_code = $scheme
        group by outcome having count(distinct side) = 2"""
    return frozenset(read_frame(conn, query, {"scheme": scheme})["outcome"])


def read_person_keys(conn: Connection, scheme: str) -> pl.DataFrame:
    """`person_number, person_key` of one scheme."""
    query = "select person_number, person_key from core.person_number where scheme_code = $scheme"
    return read_frame(conn, query, {"scheme": scheme})


def read_carers(conn: Connection, scheme: str) -> pl.DataFrame:
    """`person_number, is_carer` of people referred, as the referral that starts the clock says.

    Null where it does not say; one of several on that day is enough.
    """
    return read_frame(
        conn,
        """select p.person_number, bool_or(r.is_carer) as is_carer
        from cohort.referred_person as p
        inner join core.referral as r
            on p.scheme_code = r.scheme_code and p.person_number = r.person_number
            and p.first_referral_date = r.referral_date
        where p.scheme_code = $scheme
        group by p.person_number order by p.person_number""",
        {"scheme": scheme},
    )


def build_analysed_months(
    conn: Connection, study: StudyDesign, followed: list[pl.DataFrame]
) -> None:
    """Make `outcome.analysed_month` of the matched people: id, set and weight of each."""
    nobody = pl.DataFrame(
        schema={"candidate_id": pl.Int64, "match_set": pl.Int64, "match_weight": pl.Float64}
    )
    people = [frame.cast(nobody.schema) for frame in followed]
    store_frame(conn, "cohort.analysed", pl.concat([nobody, *people]))
    months = [m for m in models_of(["outcome"]) if m.name == ANALYSED_MONTH]
    build(conn, months, study_parameters(study))


def read_analysed_months(conn: Connection, scheme: str, outcome: str) -> pl.DataFrame:
    """Use of care of the matched people by month, as `monthly_rates` asks for it."""
    return read_frame(
        conn,
        """select
            case m.arm when 'comparison' then 'similar' else m.arm end as arm,
            c.person_number,
            m.match_weight as weight,
            m.month_number,
            sum(m.events)::integer as events,
            sum(m.person_days)::integer as person_days
        from outcome.analysed_month as m
        inner join cohort.candidate as c on m.candidate_id = c.candidate_id
        where m.scheme_code = $scheme and m.outcome = $outcome
        group by all
        order by all""",
        {"scheme": scheme, "outcome": outcome},
    )
