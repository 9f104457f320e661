-- model:  core.referral
-- grain:  one row per scheme_code × referral_id
-- reads:  extract.referral, core.person_number
-- params: -
-- why:    referrals with the person they link to; person_number is null for somebody not on the register
select
    r.scheme_code,
    r.referral_id,
    r.person_key,
    n.person_number,
    r.practice_code,
    r.referral_date,
    r.route,
    r.primary_need,
    r.outcome,
    r.first_contact_date,
    r.closed_date,
    r.is_carer,
    r.has_consent
from extract.referral as r
left join core.person_number as n
    on r.scheme_code = n.scheme_code and r.person_key = n.person_key
