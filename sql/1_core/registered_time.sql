-- model:  core.registered_time
-- grain:  one row per unbroken stretch of a person's registered and living days, [time_from, time_to)
-- reads:  core.registration
-- params: -
-- why:    spells that touch or overlap are one stretch, wherever the person was registered
with opened as (
    select
        *,
        max(registered_to) over (
            partition by scheme_code, person_number
            order by registered_from, registered_to
            rows between unbounded preceding and 1 preceding
        ) as reached
    from core.registration
),

stretched as (
    select
        *,
        count_if(reached is null or registered_from > reached) over (
            partition by scheme_code, person_number
            order by registered_from, registered_to
            rows between unbounded preceding and current row
        ) as stretch
    from opened
)

select
    scheme_code,
    person_number,
    min(registered_from) as time_from,
    max(registered_to) as time_to
from stretched
group by scheme_code, person_number, stretch
