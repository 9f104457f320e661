-- model:  outcome.ended
-- grain:  one row per followed candidate, with the first day no longer followed and why
-- reads:  cohort.candidate, cohort.followed, core.time_at_risk, core.registered_time, core.person
-- params: $post_before (days), $primary_clock
-- why:    who was lost from which arm: from the index date to the end of the window, in the time of the
--         primary outcome; a comparison person leaves at referral, and does not come back after a gap
with stopped as (
    select
        c.candidate_id,
        c.index_date,
        c.index_date + $post_before as window_to,
        coalesce(t.time_to, c.index_date) as covered_to,
        r.time_to as registered_to,
        p.death_date + 1 as dead_from,
        case when not c.is_exposed then c.first_referral_date end as referred_on
    from cohort.candidate as c
    inner join cohort.followed as f on c.candidate_id = f.candidate_id
    inner join core.person as p
        on c.scheme_code = p.scheme_code and c.person_number = p.person_number
    left join core.time_at_risk as t
        on
            c.scheme_code = t.scheme_code
            and c.person_number = t.person_number
            and t.clock = $primary_clock
            and c.index_date >= t.time_from
            and c.index_date < t.time_to
    left join core.registered_time as r
        on
            c.scheme_code = r.scheme_code
            and c.person_number = r.person_number
            and c.index_date >= r.time_from
            and c.index_date < r.time_to
),

ended as (
    select
        *,
        least(window_to, covered_to, coalesce(referred_on, window_to))::date as ended_on
    from stopped
)

select
    candidate_id,
    ended_on,
    (ended_on - index_date)::integer as days,
    case
        when ended_on = dead_from then 'death'
        when ended_on = window_to then 'end'
        when ended_on = referred_on then 'referred'
        when ended_on = registered_to then 'left'
        else 'covered'
    end as ended_by
from ended
