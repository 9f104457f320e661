-- model:  outcome.month_time
-- grain:  one row per followed candidate × clock × calendar month after the index month, with days at risk
-- reads:  cohort.candidate, cohort.followed, core.time_at_risk
-- params: $post_from (days), $post_before (days)
-- why:    person-time of the post window to the day, by calendar month since censoring weights go by month
with followed as (
    select
        c.candidate_id,
        c.scheme_code,
        c.person_number,
        c.index_month,
        m.months_after,
        greatest(c.index_date + $post_from, (c.index_month + to_months(m.months_after))::date)
            as month_from,
        least(c.index_date + $post_before, (c.index_month + to_months(m.months_after + 1))::date)
            as month_to
    from cohort.candidate as c
    inner join cohort.followed as f on c.candidate_id = f.candidate_id
    cross join lateral unnest(
        generate_series(
            0, date_diff('month', c.index_month, c.index_date + $post_before - interval 1 day)
        )
    ) as m (months_after)
)

select
    f.candidate_id,
    t.clock,
    f.months_after::integer as months_after,
    sum(least(f.month_to, t.time_to) - greatest(f.month_from, t.time_from))::integer as days
from followed as f
inner join core.time_at_risk as t
    on
        f.scheme_code = t.scheme_code
        and f.person_number = t.person_number
        and f.month_from < t.time_to
        and f.month_to > t.time_from
where f.month_to > f.month_from
group by f.candidate_id, t.clock, f.months_after
