-- model:  core.activity_day
-- grain:  one row per scheme_code × source × practice_code × day on which a file shows any entry
-- reads:  extract.gp_contact, extract.hospital_activity
-- params: -
-- why:    where files are silent; entries of every status count, since a booked slot shows the file is there;
--         a stay is an entry of all hospital stays, and of the emergency or the planned ones
with hospital as (
    select
        scheme_code,
        case activity
            when 'ae' then ['ae']
            when 'outpatient' then ['outpatient']
            when 'emergency' then ['inpatient', 'emergency_inpatient']
            when 'elective' then ['inpatient', 'planned_inpatient']
            when 'day_case' then ['inpatient', 'planned_inpatient']
            else ['inpatient']
        end as sources,
        start_date,
        count(*)::bigint as entries
    from extract.hospital_activity
    where activity <> 'other'
    group by scheme_code, activity, start_date
)

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
    h.scheme_code,
    s.source,
    null as practice_code,
    h.start_date as activity_date,
    sum(h.entries)::bigint as entries
from hospital as h
cross join lateral unnest(h.sources) as s (source)
group by h.scheme_code, s.source, h.start_date
