-- model:  cohort.clock_held
-- grain:  one row per scheme_code × clock that can be used in the study
-- reads:  cohort.lookback
-- params: $primary_clock
-- why:    a source whose files cover the look-back of fewer than half of the referred cannot serve; it must
--         not take everybody out of the other outcomes
with base as (
    select scheme_code, count(*) as people
    from cohort.lookback
    where is_exposed and clock = $primary_clock
    group by scheme_code
)

select
    l.scheme_code,
    l.clock
from cohort.lookback as l
inner join base as b on l.scheme_code = b.scheme_code
where l.is_exposed
group by l.scheme_code, l.clock, b.people
having l.clock = $primary_clock or count(*) >= 0.5 * b.people
