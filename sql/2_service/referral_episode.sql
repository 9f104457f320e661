-- model:  service.referral_episode
-- grain:  one row per scheme_code × referral_id
-- reads:  core.referral
-- params: $rereferral_days (days)
-- why:    a second referral within some weeks of the last is the same episode; the first is the referral.
--         Blank consent counts as refused where the scheme records consent at all
with ordered as (
    select
        scheme_code,
        referral_id,
        person_key,
        person_number,
        practice_code,
        referral_date,
        outcome,
        coalesce(
            has_consent,
            not bool_or(has_consent is not null) over (partition by scheme_code)
        ) as has_consent,
        lag(referral_date) over (
            partition by scheme_code, person_key order by referral_date, referral_id
        ) as previous_date
    from core.referral
)

select
    scheme_code,
    referral_id,
    person_key,
    person_number,
    practice_code,
    referral_date,
    outcome,
    has_consent,
    coalesce(referral_date - previous_date <= $rereferral_days, false) as is_rereferral
from ordered
