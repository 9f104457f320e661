-- model:  reference.network
-- grain:  one row per practice and unbroken stretch of days in one choice of networks,
--         [network_from, network_to)
-- reads:  reference.practice_pcn
-- params: -
-- why:    one network a practice a day, or its people count twice: of several memberships the one begun
--         last, then the lower code; `networks` tells that there was a choice
with newest as (select max(vintage) as vintage from reference.practice_pcn),

membership as (
    select m.*
    from reference.practice_pcn as m
    inner join newest as n on m.vintage = n.vintage
),

turn as (
    select practice_code, member_from as turn_date from membership
    union distinct
    select practice_code, member_to as turn_date from membership
    where member_to is not null
),

stretch as (
    select
        practice_code,
        turn_date as network_from,
        lead(turn_date) over (partition by practice_code order by turn_date) as network_to
    from turn
),

ranked as (
    select
        s.practice_code,
        s.network_from,
        s.network_to,
        m.pcn_code,
        m.member_from,
        m.member_to,
        m.vintage,
        count(*) over (partition by s.practice_code, s.network_from) as networks,
        row_number() over (
            partition by s.practice_code, s.network_from order by m.member_from desc, m.pcn_code asc
        ) as choice
    from stretch as s
    inner join membership as m
        on
            s.practice_code = m.practice_code
            and s.network_from >= m.member_from
            and (m.member_to is null or m.member_to > s.network_from)
)

select
    practice_code,
    network_from,
    network_to,
    pcn_code,
    member_from,
    member_to,
    networks::integer as networks,
    vintage
from ranked
where choice = 1
