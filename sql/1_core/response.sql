-- model:  core.response
-- grain:  one row per questionnaire item answered
-- reads:  extract.outcome_response
-- params: -
-- why:    answers as they came; a blank item is no answer
select
    scheme_code,
    referral_id,
    instrument,
    item,
    stage,
    response_date,
    score
from extract.outcome_response
where score is not null
