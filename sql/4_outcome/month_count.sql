-- model:  outcome.month_count
-- grain:  one row per followed candidate × outcome × calendar month after the index month, where not nil
-- reads:  cohort.candidate, cohort.followed, core.event
-- params: $post_from (days), $post_before (days), $gp_staff (list)
-- why:    events of the post window, by the same months as person-time
select
    c.candidate_id,
    e.outcome,
    date_diff('month', c.index_month, e.event_date)::integer as months_after,
    sum(e.quantity)::integer as events
from cohort.candidate as c
inner join cohort.followed as f on c.candidate_id = f.candidate_id
inner join core.event as e
    on
        c.scheme_code = e.scheme_code
        and c.person_number = e.person_number
        and e.event_date >= c.index_date + $post_from
        and e.event_date < c.index_date + $post_before
where e.staff is null or list_contains($gp_staff, e.staff)
group by c.candidate_id, e.outcome, months_after
