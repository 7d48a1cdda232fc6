-- Who does what only one process may do. All times are the database's.
create table leases (
  name text primary key,
  holder text not null,
  -- Raised at each taking: what a former holder still sends is recognised by it.
  epoch bigint not null,
  expires_at timestamptz not null
);
