-- model:  core.activity_day
-- grain:  one row per scheme_code × source × practice_code × day on which a file shows any entry
-- reads:  extract.gp_contact, extract.hospital_activity
-- params: -
-- why:    where files are silent; entries of every status count, since a booked slot shows the file is there
select
    scheme_code,
    'gp_contact' as source,
    practice_code,
    contact_date as activity_date,
    count(*)::bigint as entries
from extract.gp_contact
group by scheme_code, practice_code, contact_date
union all
select
    scheme_code,
    case activity
        when 'ae' then 'ae'
        when 'outpatient' then 'outpatient'
        else 'inpatient'
    end as source,
    null as practice_code,
    start_date as activity_date,
    count(*)::bigint as entries
from extract.hospital_activity
where activity <> 'other'
group by all
