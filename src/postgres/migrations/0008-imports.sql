-- Files whose prices were brought in, as far as they are: so many lines of a file that begins with exactly these.
create table imports (
  provider text not null,
  -- Of those lines and the header.
  sha256 bytea not null,
  lines bigint not null,
  file text not null,
  saved_at timestamptz not null default now(),
  primary key (provider, sha256)
);
