-- When the run was due that is under way; null between runs. What its poller left behind runs again.
alter table polling_jobs add column claimed_run_at timestamptz;
