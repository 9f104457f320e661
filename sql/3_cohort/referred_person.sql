-- model:  cohort.referred_person
-- grain:  one row per linked person ever referred, scheme_code × person_number
-- reads:  service.referral_episode
-- params: -
-- why:    the first referral is the index event whatever came of it; one refusal of consent counts
select
    scheme_code,
    person_number,
    min(referral_date) as first_referral_date,
    bool_and(has_consent) as has_consent
from service.referral_episode
where person_number is not null
group by scheme_code, person_number
