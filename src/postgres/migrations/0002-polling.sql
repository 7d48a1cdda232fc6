create table polling_jobs (
  id uuid primary key,
  symbol text not null,
  provider text not null,
  interval_seconds integer not null check (interval_seconds > 0),
  paused boolean not null default false,
  -- Failed runs since the last good one; the job is `failing` while this is above zero.
  failures integer not null default 0,
  -- Regular runs fall on anchored_at + k * interval_seconds; retries and runs on demand fall anywhere.
  anchored_at timestamptz not null,
  -- Null: none is planned (paused). A claim moves it forward before the run.
  next_run_at timestamptz,
  created_at timestamptz not null,
  unique (symbol, provider)
);
create index polling_jobs_due on polling_jobs (next_run_at);

create table polling_runs (
  id bigint generated always as identity primary key,
  job_id uuid not null references polling_jobs on delete cascade,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  -- recorded | corrected | confirmed | outdated | failed
  outcome text not null,
  price_id bigint,
  -- {"code", "detail"} of a failed run.
  error jsonb,
  -- Of the reply, also where it brought nothing new and was not kept.
  reply_sha256 bytea
);
create index polling_runs_of_job on polling_runs (job_id, id);
create index polling_runs_by_age on polling_runs (finished_at);
