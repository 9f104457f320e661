-- model:  core.registration
-- grain:  one row per registration spell of a person at a practice, [registered_from, registered_to)
-- reads:  extract.person, core.person_number, core.person
-- params: -
-- why:    registered and alive: a spell ends the day after death (the day of death is person-time)
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
where
    s.registered_from < least(
        coalesce(s.registered_to, date '9999-12-31'),
        coalesce(p.death_date + 1, date '9999-12-31')
    )
