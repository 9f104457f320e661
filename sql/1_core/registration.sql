-- model:  core.registration
-- grain:  one row per registration spell of a person at a practice and address known in it,
--         [registered_from, registered_to)
-- reads:  extract.person, extract.residence, core.person_number, core.person
-- params: -
-- why:    registered and alive: a spell ends the day after death (the day of death is person-time); where
--         addresses are kept apart, a spell is cut where one begins, so that deprivation is of the day;
--         spell_from tells when it began
with spell as (
    select
        n.scheme_code,
        n.person_number,
        s.practice_code,
        s.registered_from,
        least(
            coalesce(s.registered_to, date '9999-12-31'),
            coalesce(p.death_date + 1, date '9999-12-31')
        )::date as registered_to,
        s.imd_quintile::integer as imd_quintile,
        s.imd_decile::integer as imd_decile,
        s.ltc_count::integer as ltc_count
    from extract.person as s
    inner join core.person_number as n
        on s.scheme_code = n.scheme_code and s.person_key = n.person_key
    inner join core.person as p
        on n.scheme_code = p.scheme_code and n.person_number = p.person_number
),

-- of two addresses that begin on one day the more deprived
moved as (
    select
        n.scheme_code,
        n.person_number,
        r.resident_from,
        min(r.imd_quintile)::integer as imd_quintile,
        min(r.imd_decile)::integer as imd_decile
    from extract.residence as r
    inner join core.person_number as n
        on r.scheme_code = n.scheme_code and r.person_key = n.person_key
    group by n.scheme_code, n.person_number, r.resident_from
),

address as (
    select
        *,
        coalesce(
            lead(resident_from) over (
                partition by scheme_code, person_number order by resident_from
            ),
            date '9999-12-31'
        ) as resident_to
    from moved
),

housed as (
    select scheme_code, person_number, min(resident_from) as first_from
    from moved
    group by scheme_code, person_number
),

piece as (
    -- before the first address, and where none is known
    select
        s.* exclude (registered_to),
        s.registered_from as spell_from,
        least(s.registered_to, coalesce(h.first_from, date '9999-12-31')) as registered_to
    from spell as s
    left join housed as h
        on s.scheme_code = h.scheme_code and s.person_number = h.person_number
    union all
    select
        s.scheme_code,
        s.person_number,
        s.practice_code,
        greatest(s.registered_from, a.resident_from) as registered_from,
        a.imd_quintile,
        a.imd_decile,
        s.ltc_count,
        s.registered_from as spell_from,
        least(s.registered_to, a.resident_to) as registered_to
    from spell as s
    inner join address as a
        on s.scheme_code = a.scheme_code and s.person_number = a.person_number
)

select
    scheme_code,
    person_number,
    practice_code,
    registered_from,
    registered_to,
    imd_quintile,
    imd_decile,
    ltc_count,
    spell_from
from piece
where registered_from < registered_to
