-- model:  cohort.history
-- grain:  one row per eligible candidate × outcome × band of days before the index date, where not nil
-- reads:  cohort.candidate, cohort.clock_held, core.event, core.outcome_source, cohort.history_band
-- params: $gp_staff (list)
-- why:    what is known of a person's use of care before the index date; nothing on or after it is read,
--         nor what files tell that do not cover the look-back
with held as (
    select distinct h.scheme_code, o.outcome
    from cohort.clock_held as h
    inner join core.outcome_source as o on h.clock = o.clock
)

select
    c.candidate_id,
    e.outcome,
    b.band,
    sum(e.quantity)::integer as quantity
from cohort.candidate as c
inner join core.event as e
    on
        c.scheme_code = e.scheme_code
        and c.person_number = e.person_number
        and e.event_date < c.index_date
        and e.event_date >= c.index_date - 365
inner join held as h on c.scheme_code = h.scheme_code and e.outcome = h.outcome
inner join cohort.history_band as b
    on e.event_date - c.index_date >= b.day_from and e.event_date - c.index_date < b.day_before
where
    c.is_registered and c.is_covered and c.is_of_age
    and (e.staff is null or list_contains($gp_staff, e.staff))
group by c.candidate_id, e.outcome, b.band
