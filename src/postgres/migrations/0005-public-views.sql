-- What people may build on who come with SQL: symbol and provider in words. The tables behind may change, these stay.

-- Every series with its newest price.
create view latest_prices as
  select s.symbol, s.provider, s.currency, p.price, p.event_time, p.received_at, state.confirmed_at,
         state.market_state, state.delay_seconds, state.provider_symbol, p.id as price_id, p.raw_response_id
    from series s
   cross join lateral (
      select * from prices where series_id = s.id order by event_time desc, revision desc limit 1) as p
    left join series_state state on state.series_id = s.id;

-- Every price that was ever stored; of several revisions of a time only one is current.
create view price_history as
  select s.symbol, s.provider, s.currency, p.price, p.event_time, p.revision, p.correction, p.received_at, p.recorded_at,
         not exists (
           select from prices newer
            where newer.series_id = p.series_id and newer.event_time = p.event_time and newer.revision > p.revision) as is_current,
         p.id as price_id, p.raw_response_id
    from prices p join series s on s.id = p.series_id;

create view average_history as
  select s.symbol, s.provider, s.currency, a.window_size, a.average, a.event_time, a.computed_at
    from moving_averages a join series s on s.id = a.series_id;
