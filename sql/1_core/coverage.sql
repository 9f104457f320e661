-- model:  core.coverage
-- grain:  one row per scheme_code × source × practice_code (null: all) and unbroken stretch of whole
--         months covered, [covered_from, covered_to)
-- reads:  core.declared_period, core.activity_day
-- params: -
-- why:    a month counts as covered only if declared and not touched by a silence too long to be chance:
--         14 days or more in which 20 or more entries would be expected at the file's own rate
with day_shown as (
    select
        d.scheme_code,
        d.source,
        d.practice_code,
        d.declared_from,
        d.declared_to,
        a.activity_date,
        a.entries
    from core.declared_period as d
    inner join core.activity_day as a
        on
            d.scheme_code = a.scheme_code
            and d.source = a.source
            and d.practice_code is not distinct from a.practice_code
            and a.activity_date >= d.declared_from
            and a.activity_date < d.declared_to
),

edge as (
    select * from day_shown
    union all
    select
        scheme_code,
        source,
        practice_code,
        declared_from,
        declared_to,
        declared_to as activity_date,
        0 as entries
    from core.declared_period
),

gap as (
    select
        *,
        coalesce(lag(activity_date) over series + 1, declared_from)::date as silent_from,
        activity_date as silent_to
    from edge
    window
        series as (
            partition by scheme_code, source, practice_code, declared_from order by activity_date
        )
),

-- The file's own rate: entries after the first, on the days outside its longest silence, be that a
-- hole or chance; a single entry tells no rate.
rated as (
    select
        *,
        silent_to - silent_from as silent_days,
        (sum(entries) over period - 1) / greatest(
            1, declared_to - declared_from - max(silent_to - silent_from) over period
        ) as entries_per_day
    from gap
    window period as (partition by scheme_code, source, practice_code, declared_from)
),

silence as (
    select * from rated
    where silent_days >= 14 and silent_days * entries_per_day >= 20
),

month as (
    select
        d.scheme_code,
        d.source,
        d.practice_code,
        d.declared_from,
        greatest(d.declared_from, m.month_start::date) as month_from,
        least(d.declared_to, (m.month_start + interval 1 month)::date) as month_to
    from core.declared_period as d
    cross join lateral unnest(
        generate_series(
            date_trunc('month', d.declared_from), d.declared_to - interval 1 day, interval 1 month
        )
    ) as m (month_start)
),

covered as (
    select m.*
    from month as m
    anti join silence as s
        on
            m.scheme_code = s.scheme_code
            and m.source = s.source
            and m.practice_code is not distinct from s.practice_code
            and s.silent_from < m.month_to
            and s.silent_to > m.month_from
),

numbered as (
    select
        *,
        date_diff('month', date '1900-01-01', month_from) - row_number() over (
            partition by scheme_code, source, practice_code, declared_from order by month_from
        ) as stretch
    from covered
)

select
    scheme_code,
    source,
    practice_code,
    min(month_from)::date as covered_from,
    max(month_to)::date as covered_to
from numbered
group by scheme_code, source, practice_code, declared_from, stretch
