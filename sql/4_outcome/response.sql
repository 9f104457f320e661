-- model:  outcome.response
-- grain:  one row per questionnaire item answered by a consenting person first referred in the study
-- reads:  core.response, service.referral_episode
-- params: $index_from (date), $index_before (date)
-- why:    change is paired within people, whether or not they are on the register; no comparison group
--         answers questionnaires
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
    r.instrument,
    r.item,
    r.stage,
    r.response_date,
    r.score
from core.response as r
inner join service.referral_episode as e
    on r.scheme_code = e.scheme_code and r.referral_id = e.referral_id
inner join person as p on e.scheme_code = p.scheme_code and e.person_key = p.person_key
where p.first_referral_date >= $index_from and p.first_referral_date < $index_before
