-- model:  core.declared_period
-- grain:  one row per scheme_code × source × practice_code (null: all) and unbroken period declared,
--         [declared_from, declared_to)
-- reads:  extract.declared_coverage, core.activity_day, core.registration
-- params: -
-- why:    the periods the files say they cover, together, laid out by practice for contacts; a practice
--         with too few people to tell silence from absence keeps the declared period; where all stays
--         are declared and 20 or more of one kind came and none of the other, that kind alone is covered
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

heard_of as (
    select p.scheme_code, p.practice_code
    from practice as p
    inner join contact_rate as r on p.scheme_code = r.scheme_code
    left join shown as s
        on
            p.scheme_code = s.scheme_code
            and p.practice_code = s.practice_code
            and s.source = 'gp_contact'
    where s.entries > 0 or p.people * r.entries_per_person < 20
),

-- Stays are planned about as often as not: a file of one kind only was never asked for the other.
stay as (
    select
        scheme_code,
        coalesce(sum(entries) filter (source = 'emergency_inpatient'), 0) as emergencies,
        coalesce(sum(entries) filter (source = 'planned_inpatient'), 0) as planned
    from shown
    group by scheme_code
),

declared as (
    select
        d.* replace (
            case
                when d.source <> 'inpatient' then d.source
                when s.planned = 0 and s.emergencies >= 20 then 'emergency_inpatient'
                when s.emergencies = 0 and s.planned >= 20 then 'planned_inpatient'
                else d.source
            end as source
        )
    from extract.declared_coverage as d
    left join stay as s on d.scheme_code = s.scheme_code
),

told as (
    select h.scheme_code, d.source, h.practice_code, d.covered_from, d.covered_to
    from heard_of as h
    inner join extract.declared_coverage as d
        on h.scheme_code = d.scheme_code and d.source = 'gp_contact'
    where
        d.practice_code = h.practice_code
        or (
            d.practice_code is null
            and not exists (
                select 1 from extract.declared_coverage as own
                where
                    own.scheme_code = h.scheme_code
                    and own.source = 'gp_contact'
                    and own.practice_code = h.practice_code
            )
        )
    -- several files may say the same: once, or the order below would be left to chance
    union
    select d.scheme_code, d.source, null as practice_code, d.covered_from, d.covered_to
    from declared as d
    inner join shown as s on d.scheme_code = s.scheme_code and d.source = s.source
    where d.source <> 'gp_contact'
),

opened as (
    select
        *,
        max(covered_to) over (
            partition by scheme_code, source, practice_code
            order by covered_from, covered_to
            rows between unbounded preceding and 1 preceding
        ) as reached
    from told
),

numbered as (
    select
        *,
        count_if(reached is null or covered_from > reached) over (
            partition by scheme_code, source, practice_code
            order by covered_from, covered_to
            rows between unbounded preceding and current row
        ) as period
    from opened
)

select
    scheme_code,
    source,
    practice_code,
    min(covered_from) as declared_from,
    max(covered_to) as declared_to
from numbered
group by scheme_code, source, practice_code, period
