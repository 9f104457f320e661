-- model:  core.person
-- grain:  one row per scheme_code × person_number
-- reads:  extract.person, extract.patient, core.person_number
-- params: -
-- why:    facts that do not change, from the table of people where there is one, else from the latest
--         registration that states them; the earliest death stated cuts person-time
with stated as (
    select
        scheme_code,
        person_key,
        birth_year,
        sex,
        ethnic_category,
        death_date,
        registered_from as stated_from
    from extract.person
    union all
    select
        scheme_code,
        person_key,
        birth_year,
        sex,
        ethnic_category,
        death_date,
        date '9999-12-31' as stated_from
    from extract.patient
)

select
    n.scheme_code,
    n.person_number,
    arg_max(s.birth_year, s.stated_from)::integer as birth_year,
    coalesce(arg_max(s.sex, s.stated_from), 'unknown') as sex,
    coalesce(arg_max(s.ethnic_category, s.stated_from), 'Z') as ethnic_category,
    min(s.death_date) as death_date
from stated as s
inner join core.person_number as n
    on s.scheme_code = n.scheme_code and s.person_key = n.person_key
group by n.scheme_code, n.person_number
