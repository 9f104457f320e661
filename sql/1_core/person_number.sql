-- model:  core.person_number
-- grain:  one row per scheme_code × person_key
-- reads:  extract.person
-- params: -
-- why:    draws and ties hang on a number given in the register's file order, never on the key
select
    scheme_code,
    person_key,
    row_number() over (partition by scheme_code order by min(row_order))::integer as person_number
from extract.person
group by scheme_code, person_key
