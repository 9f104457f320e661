-- model:  outcome.analysed_month
-- grain:  one row per analysed candidate and set × outcome × 30-day month from the index date (-12 to 12)
-- reads:  cohort.candidate, cohort.analysed, core.event, core.time_at_risk, core.outcome_source
-- params: $gp_staff (list)
-- why:    the month-by-month picture of the people analysed; months without time at risk have no row
with outcome_clock as (
    select distinct outcome, clock from core.outcome_source
),

month as (
    select
        a.candidate_id,
        a.match_set,
        a.match_weight,
        c.scheme_code,
        c.person_number,
        c.is_exposed,
        m.month_number,
        c.index_date + 30 * m.month_number::integer as month_from,
        c.index_date + 30 * (m.month_number::integer + 1) as month_to
    from cohort.analysed as a
    inner join cohort.candidate as c on a.candidate_id = c.candidate_id
    cross join lateral unnest(generate_series(-12, 12)) as m (month_number)
),

at_risk as (
    select
        m.candidate_id,
        m.match_set,
        t.clock,
        m.month_number,
        sum(least(m.month_to, t.time_to) - greatest(m.month_from, t.time_from)) as days
    from month as m
    inner join core.time_at_risk as t
        on
            m.scheme_code = t.scheme_code
            and m.person_number = t.person_number
            and m.month_from < t.time_to
            and m.month_to > t.time_from
    group by m.candidate_id, m.match_set, t.clock, m.month_number
),

counted as (
    select
        m.candidate_id,
        m.match_set,
        e.outcome,
        m.month_number,
        sum(e.quantity) as events
    from month as m
    inner join core.event as e
        on
            m.scheme_code = e.scheme_code
            and m.person_number = e.person_number
            and e.event_date >= m.month_from
            and e.event_date < m.month_to
    where e.staff is null or list_contains($gp_staff, e.staff)
    group by m.candidate_id, m.match_set, e.outcome, m.month_number
)

select
    m.scheme_code,
    m.candidate_id,
    case when m.is_exposed then 'referred' else 'comparison' end as arm,
    m.match_set,
    m.match_weight,
    o.outcome,
    m.month_number::integer as month_number,
    coalesce(n.events, 0)::integer as events,
    r.days::integer as person_days
from month as m
inner join at_risk as r
    on m.candidate_id = r.candidate_id and m.match_set = r.match_set and m.month_number = r.month_number
inner join outcome_clock as o on r.clock = o.clock
left join counted as n
    on
        m.candidate_id = n.candidate_id
        and m.match_set = n.match_set
        and m.month_number = n.month_number
        and o.outcome = n.outcome
