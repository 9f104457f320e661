-- model:  cohort.candidate
-- grain:  one row per person × calendar month considered, with whether it may be analysed
-- reads:  cohort.considered, cohort.lookback, cohort.clock_held, cohort.referred_person, core.person,
--         cohort.referring_practice
-- params: $seed, $index_before (date), $age_from (years), $age_to (years)
-- why:    eligibility, asked alike of both arms and of nothing after the index date; draw breaks ties
with held as (
    select scheme_code, count(*) as clocks from cohort.clock_held
    group by scheme_code
),

covered as (
    select l.candidate_id, count(*) as clocks
    from cohort.lookback as l
    inner join cohort.clock_held as h on l.scheme_code = h.scheme_code and l.clock = h.clock
    group by l.candidate_id
)

select
    c.candidate_id,
    c.scheme_code,
    c.person_number,
    c.index_month,
    c.index_date,
    c.is_exposed,
    c.practice_code,
    coalesce(f.practice_code is not null, false) as is_referring_practice,
    c.index_date < $index_before as is_in_study,
    c.is_registered,
    coalesce(v.clocks = h.clocks, false) as is_covered,
    year(c.index_date) - p.birth_year as age,
    coalesce(year(c.index_date) - p.birth_year between $age_from and $age_to, $age_from = 0)
        as is_of_age,
    p.sex,
    p.ethnic_category,
    c.imd_quintile,
    c.imd_decile,
    c.ltc_count,
    r.first_referral_date,
    md5_number_lower(concat_ws('/', $seed::varchar, c.person_number)) as draw
from cohort.considered as c
inner join core.person as p
    on c.scheme_code = p.scheme_code and c.person_number = p.person_number
left join held as h on c.scheme_code = h.scheme_code
left join covered as v on c.candidate_id = v.candidate_id
left join cohort.referred_person as r
    on c.scheme_code = r.scheme_code and c.person_number = r.person_number
left join cohort.referring_practice as f
    on c.scheme_code = f.scheme_code and c.practice_code = f.practice_code
