-- A price that was recorded is its own confirmation: the state of its series is written only when it changed. A time ahead of
-- now was written by a wrong clock, and confirms nothing.
create or replace view latest_prices as
  select s.symbol, s.provider, s.currency, p.price, p.event_time, p.received_at,
         coalesce(
           greatest(state.confirmed_at, case when p.received_at <= clock_timestamp() + interval '1 s' then p.received_at end),
           p.received_at) as confirmed_at,
         state.market_state, state.delay_seconds, state.provider_symbol, p.id as price_id, p.raw_response_id
    from series s
   cross join lateral (
      select * from prices where series_id = s.id order by event_time desc, revision desc limit 1) as p
    left join series_state state on state.series_id = s.id;
