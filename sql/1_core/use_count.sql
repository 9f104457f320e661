-- model:  core.use_count
-- grain:  one row per scheme_code × referral_id × outcome × side × period_days counted
-- reads:  extract.use_count
-- params: -
-- why:    counts as the sender made them; a blank is no count, and two that disagree say nothing
select
    scheme_code,
    referral_id,
    regexp_replace(measure, '_(before|after)$', '') as outcome,
    regexp_extract(measure, '(before|after)$') as side,
    period_days,
    min(events) as events,
    min(counted_on) as counted_on
from extract.use_count
where events is not null
group by scheme_code, referral_id, measure, period_days
having min(events) = max(events)
