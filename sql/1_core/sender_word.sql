-- model:  core.sender_word
-- grain:  one row per scheme_code × list × word, blank ones as one
-- reads:  extract.referral, extract.activity
-- params: -
-- why:    how much of what schemes write down falls into the shared lists; further needs are not counted
select
    scheme_code,
    'need' as list,
    primary_need as word,
    count(*)::bigint as entries
from extract.referral
group by scheme_code, primary_need
union all
select
    scheme_code,
    'activity_type' as list,
    lower(trim(activity_type)) as word,
    count(*)::bigint as entries
from extract.activity
group by all
