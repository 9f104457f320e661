-- model:  reference.population
-- grain:  one row per practice, day its list was counted and vintage of the lists
-- reads:  reference.list_size, reference.network
-- params: -
-- why:    list sizes in the form of the contract `population`: with the network of that day
select
    l.practice_code,
    n.pcn_code,
    l.as_at,
    l.registered_list,
    null::double as weighted_list,
    l.vintage,
    n.vintage as network_vintage
from reference.list_size as l
left join reference.network as n
    on
        l.practice_code = n.practice_code
        and l.as_at >= n.network_from
        and (n.network_to is null or l.as_at < n.network_to)
