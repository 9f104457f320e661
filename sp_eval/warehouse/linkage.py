"""How many people of a delivery link to the register held then, by what is known of them."""

from __future__ import annotations

import polars as pl

from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import read_frame

__all__ = ["has_register", "people_linked"]

# The register that stood when the month was delivered; and whatever it or an earlier one said of a
# person: of somebody on none of them nothing is known.
_SQL = """
with held as (
    select delivery_id, dataset, supply, month from meta.holding
    where scheme_code = $scheme and month <= $month
),

standing as (
    select delivery_id from held
    qualify supply = 'increment' or month = max(month) over (partition by dataset)
),

register as (
    select p.person_key, p.registered_from, p.registered_to
    from taken.person as p
    inner join standing as s on p.delivery_id = s.delivery_id
),

stated as (
    select
        delivery_id, person_key, sex, ethnic_category, imd_quintile, practice_code,
        registered_from as stated_from
    from taken.person
    union all
    select
        delivery_id, person_key, sex, ethnic_category, null as imd_quintile,
        null as practice_code, date '9999-12-31' as stated_from
    from taken.patient
),

known as (
    select
        p.person_key,
        arg_max(p.sex, p.stated_from) as sex,
        arg_max(p.ethnic_category, p.stated_from) as ethnic_category,
        arg_max(p.imd_quintile, p.stated_from) as imd_quintile,
        arg_max(p.practice_code, p.stated_from) as practice_code
    from stated as p
    inner join held as h on p.delivery_id = h.delivery_id
    group by p.person_key
),

practice as (
    select
        practice_code,
        avg(imd_quintile) as imd_quintile,
        avg((ethnic_category not in ('A', 'B', 'C'))::integer)
            filter (where ethnic_category not in ('Z', '99')) as other_than_white
    from known
    where practice_code is not null
    group by practice_code
),

area as (
    select
        practice_code,
        ntile(3) over (order by imd_quintile) as third_of_deprivation,
        ntile(3) over (order by other_than_white desc) as third_of_ethnicity
    from practice
),

seen as (
    select
        'referral' as dataset, t.person_key, t.practice_code, t.referral_date
    from taken.referral as t
    inner join held as h on t.delivery_id = h.delivery_id
    where h.month = $month
    union all
    select 'gp_contact', t.person_key, t.practice_code, null
    from taken.gp_contact as t
    inner join held as h on t.delivery_id = h.delivery_id
    where h.month = $month
    union all
    select 'hospital_activity', t.person_key, null, null
    from taken.hospital_activity as t
    inner join held as h on t.delivery_id = h.delivery_id
    where h.month = $month
),

person as (
    select
        dataset,
        person_key,
        arg_min(practice_code, practice_code) as practice_code,
        min(referral_date) as referral_date
    from seen
    group by dataset, person_key
),

linked as (
    select
        p.*,
        p.person_key in (select r.person_key from register as r) as is_linked,
        exists (
            select 1 from register as r
            where
                r.person_key = p.person_key and p.referral_date >= r.registered_from
                and p.referral_date < coalesce(r.registered_to, date '9999-12-31')
        ) as is_registered
    from person as p
)

select
    l.dataset,
    l.is_linked,
    l.is_registered,
    k.sex,
    k.ethnic_category,
    k.imd_quintile::integer as imd_quintile,
    a.third_of_deprivation::integer as third_of_deprivation,
    a.third_of_ethnicity::integer as third_of_ethnicity,
    count(*)::bigint as people
from linked as l
left join known as k on l.person_key = k.person_key
left join area as a on l.practice_code = a.practice_code
group by all
order by all
"""


def has_register(conn: Connection, scheme: str, month: str) -> bool:
    """Tell whether any register of the scheme was held when that month was delivered."""
    found = read_frame(
        conn,
        """select count(*) as rows from taken.person as p
        inner join meta.holding as h on p.delivery_id = h.delivery_id
        where h.scheme_code = $scheme and h.month <= $month""",
        {"scheme": scheme, "month": month},
    )
    return bool(found["rows"][0])


def people_linked(conn: Connection, scheme: str, month: str) -> pl.DataFrame:
    """Count the people named in one month's files, by whether they link to the register.

    Returns
    -------
    `dataset` (referral, gp_contact, hospital_activity); `is_linked`: on the register held in that
    month; `is_registered`: on the day of the first referral of the file; `sex`,
    `ethnic_category`, `imd_quintile` as that register or an earlier one says;
    `third_of_deprivation` (1: the practices in the most deprived places) and
    `third_of_ethnicity` (1: with most people of other than White groups) of the practice that the
    row itself names; `people`.
    """
    return read_frame(conn, _SQL, {"scheme": scheme, "month": month})
