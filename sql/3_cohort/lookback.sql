-- model:  cohort.lookback
-- grain:  one row per considered candidate × clock whose look-back is wholly covered
-- reads:  cohort.considered, core.time_at_risk
-- params: $lookback_days (days)
-- why:    a history can be read only where the files cover all of it
select
    c.candidate_id,
    c.scheme_code,
    c.is_exposed,
    t.clock
from cohort.considered as c
inner join core.time_at_risk as t
    on
        c.scheme_code = t.scheme_code
        and c.person_number = t.person_number
        and c.index_date - $lookback_days >= t.time_from
        and c.index_date <= t.time_to
where c.is_registered
