-- model:  core.event
-- grain:  one row per counted contact, attendance or spell of a linked person and outcome
-- reads:  extract.gp_contact, extract.hospital_activity, core.person_number, core.time_at_risk,
--         core.outcome_source
-- params: -
-- why:    what each outcome counts, in one place; only days at risk count, as in person-time;
--         quantity is 1, or nights for bed days (a spell's nights stand at its admission)
with contact as (
    select
        scheme_code,
        person_key,
        contact_date as event_date,
        'gp_contact' as outcome,
        staff,
        1::bigint as quantity
    from extract.gp_contact
    where status = 'attended' and staff in ('gp', 'nurse') and mode <> 'admin'
),

hospital as (
    select
        scheme_code,
        person_key,
        start_date as event_date,
        case activity
            when 'ae' then 'ae_attendance'
            when 'emergency' then 'emergency_admission'
            when 'outpatient' then 'outpatient_attendance'
            else 'elective_admission'
        end as outcome,
        greatest(0, coalesce(bed_days, end_date - start_date, 0))::bigint as nights
    from extract.hospital_activity
    where
        activity in ('ae', 'emergency', 'elective', 'day_case', 'outpatient')
        and coalesce(attended, true)
),

counted as (
    select scheme_code, person_key, event_date, outcome, staff, quantity from contact
    union all
    select scheme_code, person_key, event_date, outcome, null as staff, 1 as quantity from hospital
    union all
    select scheme_code, person_key, event_date, 'hospital_attendance' as outcome, null as staff, 1 as quantity
    from hospital
    union all
    select
        scheme_code,
        person_key,
        event_date,
        'emergency_bed_days' as outcome,
        null as staff,
        nights as quantity
    from hospital
    where outcome = 'emergency_admission' and nights > 0
),

o as (select distinct outcome, clock from core.outcome_source)

select
    c.scheme_code,
    n.person_number,
    c.event_date,
    c.outcome,
    c.staff,
    c.quantity
from counted as c
inner join core.person_number as n
    on c.scheme_code = n.scheme_code and c.person_key = n.person_key
inner join o on c.outcome = o.outcome
inner join core.time_at_risk as t
    on
        n.scheme_code = t.scheme_code
        and n.person_number = t.person_number
        and o.clock = t.clock
        and c.event_date >= t.time_from
        and c.event_date < t.time_to
