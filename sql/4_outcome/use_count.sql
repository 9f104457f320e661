-- model:  outcome.use_count
-- grain:  one row per consenting person first referred in the study × outcome × period_days counted
-- reads:  core.use_count, service.referral_episode
-- params: $index_from (date), $index_before (date)
-- why:    counts on both sides of the referral that starts the clock, of days that were over by then;
--         whether or not the person is on a register
with person as (
    select
        scheme_code,
        person_key,
        min(referral_date) as first_referral_date
    from service.referral_episode
    group by scheme_code, person_key
    having bool_and(has_consent)
)

select
    p.scheme_code,
    p.person_key,
    b.outcome,
    b.period_days,
    b.events as events_pre,
    a.events
from person as p
inner join service.referral_episode as e
    on
        p.scheme_code = e.scheme_code and p.person_key = e.person_key
        and p.first_referral_date = e.referral_date
inner join core.use_count as b
    on e.scheme_code = b.scheme_code and e.referral_id = b.referral_id and b.side = 'before'
inner join core.use_count as a
    on
        b.scheme_code = a.scheme_code and b.referral_id = a.referral_id
        and b.outcome = a.outcome and b.period_days = a.period_days and a.side = 'after'
where
    p.first_referral_date >= $index_from and p.first_referral_date < $index_before
    and coalesce(a.counted_on >= p.first_referral_date + a.period_days, true)
qualify
    row_number() over (
        partition by p.scheme_code, p.person_key, b.outcome, b.period_days order by e.referral_id
    ) = 1
