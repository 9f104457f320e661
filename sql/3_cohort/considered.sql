-- model:  cohort.considered
-- grain:  one row per person × calendar month with referrals: a referral, or a date a peer could have had
-- reads:  cohort.referred_person, cohort.referral_month, core.person, core.registered_time,
--         core.registration
-- params: $seed, $index_from (date), $followed_before (date), $lookback_days (days)
-- why:    everyone not referred before or during the month is a possible comparison (risk set); a person
--         who refused consent, or was referred before the study, is in neither arm
with dated as (
    select
        scheme_code,
        person_number,
        date_trunc('month', first_referral_date)::date as index_month,
        first_referral_date as index_date,
        true as is_exposed
    from cohort.referred_person
    where has_consent and first_referral_date >= $index_from and first_referral_date < $followed_before
    union all
    select
        m.scheme_code,
        p.person_number,
        m.index_month,
        m.referral_dates[
            1 + (
                md5_number_lower(concat_ws('/', $seed::varchar, p.person_number, m.index_month))
                % len(m.referral_dates)::ubigint
            )::integer
        ] as index_date,
        false as is_exposed
    from core.person as p
    inner join cohort.referral_month as m on p.scheme_code = m.scheme_code
    left join cohort.referred_person as r
        on p.scheme_code = r.scheme_code and p.person_number = r.person_number
    where
        r.person_number is null
        or (r.has_consent and r.first_referral_date >= m.index_month + interval 1 month)
),

placed as (
    select
        d.scheme_code,
        d.person_number,
        d.index_month,
        d.index_date,
        d.is_exposed,
        arg_max(r.practice_code, (r.spell_from, r.practice_code)) as practice_code,
        arg_max(r.imd_quintile, (r.spell_from, r.practice_code)) as imd_quintile,
        arg_max(r.imd_decile, (r.spell_from, r.practice_code)) as imd_decile,
        arg_max(r.ltc_count, (r.spell_from, r.practice_code)) as ltc_count
    from dated as d
    left join core.registration as r
        on
            d.scheme_code = r.scheme_code
            and d.person_number = r.person_number
            and d.index_date >= r.registered_from
            and d.index_date < r.registered_to
    group by d.scheme_code, d.person_number, d.index_month, d.index_date, d.is_exposed
)

select
    row_number() over (
        order by p.scheme_code asc, p.index_month asc, p.is_exposed desc, p.person_number asc
    )::integer as candidate_id,
    p.*,
    t.person_number is not null as is_registered
from placed as p
left join core.registered_time as t
    on
        p.scheme_code = t.scheme_code
        and p.person_number = t.person_number
        and p.index_date - $lookback_days >= t.time_from
        and p.index_date < t.time_to
where p.is_exposed or t.person_number is not null
