-- model:  cohort.referral_month
-- grain:  one row per scheme_code × calendar month that holds a referral
-- reads:  cohort.referred_person
-- params: $index_from (date), $followed_before (date)
-- why:    comparison people take one of the month's actual referral dates; months after the last index
--         date serve the hazard of later referral
select
    scheme_code,
    date_trunc('month', first_referral_date)::date as index_month,
    list(first_referral_date order by first_referral_date) as referral_dates
from cohort.referred_person
where has_consent and first_referral_date >= $index_from and first_referral_date < $followed_before
group by all
