-- Who may call. A row stays when its key is revoked: any key ever made closes the service to those without one.
create table api_keys (
  -- The first characters of the key's random part.
  id text primary key,
  -- In the order in which they were made; the cursor of the list.
  seq bigint generated always as identity unique,
  -- SHA-256 of the key, which itself is kept nowhere. It has 256 random bits, so a slow hash would add nothing.
  digest bytea not null,
  name text,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

-- Of pages in browsers that signed in with a key; kept like keys.
create table api_sessions (
  id text primary key,
  digest bytea not null,
  key_id text not null references api_keys,
  expires_at timestamptz not null
);
create index api_sessions_by_key on api_sessions (key_id);
