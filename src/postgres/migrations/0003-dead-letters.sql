-- Messages that can never be used, as they came. A row stays when it is dealt with: the message may be read again.
create table dead_letters (
  id bigint generated always as identity primary key,
  -- Kafka's own id: a topic that was deleted and made again is another one.
  topic_id uuid not null,
  topic text not null,
  partition integer not null,
  record_offset bigint not null,
  key bytea,
  value bytea,
  -- [[name, value in base64 or null]]; json, because jsonb takes no \u0000.
  headers json not null,
  reason text not null,
  detail text not null,
  consumer_group text not null,
  attempts integer not null default 1,
  created_at timestamptz not null default now(),
  -- Who sends it to the dead letter topic has it so long.
  claimed_until timestamptz,
  sent_at timestamptz,
  resolution text check (resolution in ('retried', 'dropped')),
  resolved_at timestamptz,
  unique (topic_id, partition, record_offset)
);
create index dead_letters_unsent on dead_letters (id) where sent_at is null;
create index dead_letters_open on dead_letters (id) where resolution is null;
