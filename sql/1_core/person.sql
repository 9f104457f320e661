-- model:  core.person
-- grain:  one row per scheme_code × person_number
-- reads:  extract.person, core.person_number
-- params: -
-- why:    facts that do not change, from the latest registration that states them; the earliest
--         death stated cuts person-time
select
    n.scheme_code,
    n.person_number,
    arg_max(p.birth_year, p.registered_from)::integer as birth_year,
    coalesce(arg_max(p.sex, p.registered_from), 'unknown') as sex,
    coalesce(arg_max(p.ethnic_category, p.registered_from), 'Z') as ethnic_category,
    min(p.death_date) as death_date
from extract.person as p
inner join core.person_number as n
    on p.scheme_code = n.scheme_code and p.person_key = n.person_key
group by n.scheme_code, n.person_number
