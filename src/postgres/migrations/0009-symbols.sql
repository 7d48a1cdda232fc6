-- What a provider says about a symbol itself, as of its newest reply that said something else.
create table symbol_details (
  provider text not null,
  symbol text not null,
  name text,
  exchange text,
  -- The provider's code of the exchange (`NMS`).
  exchange_code text,
  -- The kind of instrument, lower case (`equity`).
  type text,
  updated_at timestamptz not null default now(),
  primary key (provider, symbol)
);

-- Symbols with prices that a provider has left out of its replies, since it last confirmed a price of them. A row that is
-- older than that confirmation counts no longer.
create table symbol_absences (
  provider text not null,
  symbol text not null,
  absences integer not null check (absences > 0),
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (provider, symbol)
);
