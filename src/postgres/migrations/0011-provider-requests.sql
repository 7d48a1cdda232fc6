-- Requests that were sent to each provider in an hour, and why. Each process adds its own; rows of two days are kept.
create table provider_requests (
  provider text not null,
  hour timestamptz not null,
  -- question: a caller asked for a price. job: a polling job was due.
  cause text not null,
  requests bigint not null,
  -- Of these, answered with status 429.
  rate_limited bigint not null,
  primary key (provider, hour, cause)
);
