-- model:  cohort.referring_practice
-- grain:  one row per scheme_code × practice with a referral in the study
-- reads:  cohort.considered
-- params: $index_before (date)
-- why:    nobody at a practice that never refers could have been referred: their hazard is nil
select distinct
    scheme_code,
    practice_code
from cohort.considered
where is_exposed and practice_code is not null and index_date < $index_before
