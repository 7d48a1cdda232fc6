alter table polling_jobs
  -- When the job may run: in the exchange's regular hours, also before and after them, or always.
  add column market_hours text not null default 'always' check (market_hours in ('regular', 'extended', 'always')),
  -- Runs in a row whose symbol the provider refused (unknown, delisted, no price), and since when.
  add column refusals integer not null default 0,
  add column refused_since timestamptz,
  -- Why the service itself paused the job; counts only while it is paused.
  add column paused_reason text,
  -- The result of the request with which a new job's symbol was checked: its first run needs no other.
  add column checked jsonb;

-- Nothing can be fetched from these: their prices come from files, and each run failed.
update polling_jobs
   set paused = true, next_run_at = null, claimed_run_at = null,
       paused_reason = 'Its prices come from files, so there is nothing to fetch.'
 where not paused and provider ~ '^import(-|$)';
