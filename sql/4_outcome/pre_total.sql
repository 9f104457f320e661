-- model:  outcome.pre_total
-- grain:  one row per followed candidate × outcome: events and days at risk before the index date
-- reads:  cohort.candidate, cohort.followed, core.event, core.time_at_risk, core.outcome_source
-- params: $pre_days (days), $gp_staff (list)
-- why:    the before of before/after, to the day
with outcome_clock as (
    select distinct outcome, clock from core.outcome_source
),

time_before as (
    select
        c.candidate_id,
        t.clock,
        sum(
            least(c.index_date, t.time_to) - greatest(c.index_date - $pre_days, t.time_from)
        )::integer as days
    from cohort.candidate as c
    inner join cohort.followed as f on c.candidate_id = f.candidate_id
    inner join core.time_at_risk as t
        on
            c.scheme_code = t.scheme_code
            and c.person_number = t.person_number
            and c.index_date > t.time_from
            and c.index_date - $pre_days < t.time_to
    group by c.candidate_id, t.clock
),

count_before as (
    select
        c.candidate_id,
        e.outcome,
        sum(e.quantity)::integer as events
    from cohort.candidate as c
    inner join cohort.followed as f on c.candidate_id = f.candidate_id
    inner join core.event as e
        on
            c.scheme_code = e.scheme_code
            and c.person_number = e.person_number
            and e.event_date >= c.index_date - $pre_days
            and e.event_date < c.index_date
    where e.staff is null or list_contains($gp_staff, e.staff)
    group by c.candidate_id, e.outcome
)

select
    t.candidate_id,
    o.outcome,
    t.days,
    coalesce(n.events, 0) as events
from time_before as t
inner join outcome_clock as o on t.clock = o.clock
left join count_before as n on t.candidate_id = n.candidate_id and o.outcome = n.outcome
