-- model:  core.declared_period
-- grain:  one row per scheme_code × source × practice_code (null: all), [declared_from, declared_to)
-- reads:  extract.declared_coverage, core.activity_day, core.registration
-- params: -
-- why:    the period each file says it covers, laid out by practice for contacts; a practice with too
--         few people to tell silence from absence keeps the declared period
with practice as (
    select scheme_code, practice_code, count(distinct person_number) as people
    from core.registration
    group by scheme_code, practice_code
),

shown as (
    select scheme_code, source, practice_code, sum(entries) as entries
    from core.activity_day
    group by scheme_code, source, practice_code
),

contact_rate as (
    select s.scheme_code, sum(s.entries) / sum(p.people) as entries_per_person
    from shown as s
    inner join practice as p on s.scheme_code = p.scheme_code and s.practice_code = p.practice_code
    where s.source = 'gp_contact'
    group by s.scheme_code
),

by_practice as (
    select
        p.scheme_code,
        p.practice_code,
        coalesce(max(own.covered_from), max(common.covered_from)) as declared_from,
        coalesce(max(own.covered_to), max(common.covered_to)) as declared_to,
        coalesce(max(s.entries), 0) as entries,
        max(p.people * r.entries_per_person) as expected
    from practice as p
    inner join contact_rate as r on p.scheme_code = r.scheme_code
    left join extract.declared_coverage as own
        on
            p.scheme_code = own.scheme_code
            and p.practice_code = own.practice_code
            and own.source = 'gp_contact'
    left join extract.declared_coverage as common
        on
            p.scheme_code = common.scheme_code
            and common.practice_code is null
            and common.source = 'gp_contact'
    left join shown as s
        on
            p.scheme_code = s.scheme_code
            and p.practice_code = s.practice_code
            and s.source = 'gp_contact'
    group by p.scheme_code, p.practice_code
)

select
    scheme_code,
    'gp_contact' as source,
    practice_code,
    declared_from,
    declared_to
from by_practice
where declared_from is not null and (entries > 0 or expected < 20)
union all
select
    d.scheme_code,
    d.source,
    null as practice_code,
    min(d.covered_from) as declared_from,
    max(d.covered_to) as declared_to
from extract.declared_coverage as d
inner join shown as s on d.scheme_code = s.scheme_code and d.source = s.source
where d.source <> 'gp_contact'
group by d.scheme_code, d.source
