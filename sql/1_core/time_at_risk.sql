-- model:  core.time_at_risk
-- grain:  one row per scheme_code × person_number × clock and unbroken stretch, [time_from, time_to)
-- reads:  core.registration, core.coverage, core.outcome_source
-- params: -
-- why:    days registered, alive and covered by every source an outcome needs; a clock is the set of
--         sources, named in core.outcome_source
with need as (
    select distinct clock, source from core.outcome_source
),

-- A file of all hospital stays is one of the emergency and one of the planned ones.
covered as (
    select scheme_code, source, practice_code, covered_from, covered_to from core.coverage
    union all
    select
        c.scheme_code,
        part.source,
        c.practice_code,
        c.covered_from,
        c.covered_to
    from core.coverage as c
    cross join lateral unnest(['emergency_inpatient', 'planned_inpatient']) as part (source)
    where c.source = 'inpatient'
),

spell as (
    select
        r.scheme_code,
        r.person_number,
        c.source,
        greatest(r.registered_from, c.covered_from) as time_from,
        least(r.registered_to, c.covered_to) as time_to
    from core.registration as r
    inner join covered as c
        on
            r.scheme_code = c.scheme_code
            and (c.practice_code is null or c.practice_code = r.practice_code)
            and r.registered_from < c.covered_to
            and r.registered_to > c.covered_from
    where c.source in (select n.source from need as n)
),

opened as (
    select
        *,
        max(time_to) over (
            partition by scheme_code, person_number, source
            order by time_from, time_to
            rows between unbounded preceding and 1 preceding
        ) as reached
    from spell
),

numbered as (
    select
        *,
        count_if(reached is null or time_from > reached) over (
            partition by scheme_code, person_number, source
            order by time_from, time_to
            rows between unbounded preceding and current row
        ) as stretch
    from opened
),

merged as (
    select
        scheme_code,
        person_number,
        source,
        min(time_from) as time_from,
        max(time_to) as time_to
    from numbered
    group by scheme_code, person_number, source, stretch
),

size as (
    select clock, count(*) as sources from need
    group by clock
),

boundary as (
    select m.scheme_code, m.person_number, n.clock, m.time_from as boundary_date, 1 as step
    from merged as m
    inner join need as n on m.source = n.source
    union all
    select m.scheme_code, m.person_number, n.clock, m.time_to as boundary_date, -1 as step
    from merged as m
    inner join need as n on m.source = n.source
),

summed as (
    select scheme_code, person_number, clock, boundary_date, sum(step) as step
    from boundary
    group by scheme_code, person_number, clock, boundary_date
),

swept as (
    select
        scheme_code,
        person_number,
        clock,
        boundary_date as time_from,
        lead(boundary_date) over series as time_to,
        sum(step) over (series rows between unbounded preceding and current row) as sources
    from summed
    window series as (partition by scheme_code, person_number, clock order by boundary_date)
)

select
    s.scheme_code,
    s.person_number,
    s.clock,
    s.time_from,
    s.time_to
from swept as s
inner join size as z on s.clock = z.clock and s.sources = z.sources
where s.time_to > s.time_from
