-- A series is what one provider says of one symbol in one currency: pence and pounds never share one.
create table series (
  id bigint generated always as identity primary key,
  provider text not null,
  symbol text not null,
  currency text,
  created_at timestamptz not null default now(),
  unique nulls not distinct (provider, symbol, currency)
);
create index series_by_symbol on series (symbol);

-- What the provider last said of a series besides its price. Kept apart from `series`, which others lock.
create table series_state (
  series_id bigint primary key references series on delete cascade,
  provider_symbol text not null,
  confirmed_at timestamptz not null,
  market_state text not null,
  delay_seconds integer,
  previous_close numeric,
  extended_price numeric,
  extended_at timestamptz,
  extended_session text
);

-- Equal replies are kept once.
create table raw_bodies (
  sha256 bytea primary key,
  encoding text not null check (encoding in ('identity', 'gzip')),
  body bytea not null
);

create table raw_responses (
  id bigint generated always as identity primary key,
  provider text not null,
  symbols text[] not null,
  request text not null,
  status integer not null,
  sha256 bytea not null references raw_bodies,
  parser_version integer not null,
  received_at timestamptz not null,
  -- [{"symbol", "code", "detail"}]: what of this reply was refused.
  refused jsonb not null default '[]'
);
create index raw_responses_by_body on raw_responses (sha256);

-- Raised when transaction ids start again (a restored dump), so that no old row hides a new one.
create table log_epoch (
  only_row boolean primary key default true check (only_row),
  epoch integer not null
);
insert into log_epoch (epoch) values (1);

-- The log. Append-only; read in the order of (epoch, xid, id), and only what is settled. One statement writes here
-- (record.ts), under a lock per series; foreign keys would cost a third of its speed and could prove nothing more.
create table prices (
  id bigint generated always as identity primary key,
  series_id bigint not null,
  event_time timestamptz not null,
  revision integer not null check (revision > 0),
  -- A newer time of the series existed already when this row was written.
  late boolean not null,
  correction boolean not null generated always as (late and revision > 1) stored,
  price numeric not null check (price > 0),
  received_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  raw_response_id bigint not null,
  epoch integer not null,
  xid xid8 not null default pg_current_xact_id()
);
create unique index prices_identity on prices (series_id, event_time, revision);
create unique index prices_log on prices (epoch, xid, id);
create index prices_by_raw_response on prices (raw_response_id);

create table moving_averages (
  series_id bigint not null,
  window_size integer not null check (window_size > 0),
  event_time timestamptz not null,
  average numeric not null,
  computed_at timestamptz not null default clock_timestamp(),
  primary key (series_id, window_size, event_time)
);

-- How far each reader of the log has come: `averages:5` and `sweep:5` for the window 5.
create table log_positions (
  reader text primary key,
  epoch integer not null,
  xid xid8 not null,
  id bigint not null,
  saved_at timestamptz not null default now()
);
