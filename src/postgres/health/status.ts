import type pg from 'pg'
import { averagesReader } from '../../core/averages/advance.ts'
import type { Instant } from '../../lib/instant.ts'
import { RELAY_READER } from '../../core/log/position.ts'
import type { MarketState } from '../../core/prices/quote.ts'
import { CONFIRMED_AT, CONFIRMED_LAST } from '../connection/confirmed-at.ts'
import { HIGH_WATER_MARK, logEnd } from '../log/log.ts'
import type {
  LeaseStatus,
  ProviderStatus,
  ReadProviderStatus,
  ReadServiceStatus,
  ServiceStatus,
} from '../../core/health/status.ts'

type Options = {
  readonly windows: readonly number[]
  /** Whether the log is published on Kafka, so that this can lag. */
  readonly isPublished: boolean
  /** Our name as a holder of leases; a process that is no service has none. */
  readonly holder?: string
}

/** Reads the status for /health and /metrics; the lag of averages is that of the slowest window. */
export function createReadServiceStatus(pool: pg.Pool, options: Options): ReadServiceStatus {
  const { windows, isPublished, holder = '' } = options
  const readProviders = createReadProviderStatus(pool)
  return async () => {
    const [status, end, leases, providers] = await Promise.all([
      pool.query<StatusRow>(READ_STATUS, [windows.map(averagesReader), isPublished ? RELAY_READER : null]),
      logEnd(pool),
      pool.query<LeaseStatus>(READ_LEASES, [holder]),
      readProviders(),
    ])
    const row = status.rows[0]
    if (row === undefined) throw new Error('the status query returned no row')
    const { databaseBytes, relayRows, relaySeconds, application, pid, forSeconds, ...rest } = row
    return {
      ...rest,
      databaseBytes: Number(databaseBytes),
      relayLag: isPublished ? { rows: relayRows, seconds: relaySeconds } : null,
      logEnd: end,
      logHeldBy: application === null ? null : { application, pid, forSeconds },
      leases: leases.rows,
      providers,
    }
  }
}

/** Reads what is stored of each provider that has prices or jobs. */
export function createReadProviderStatus(pool: pg.Pool): ReadProviderStatus {
  return async () => (await pool.query<ProviderRow>(READ_PROVIDERS)).rows.map(toProviderStatus)
}

type StatusRow = Pick<
  ServiceStatus,
  'averagesLagSeconds' | 'logLagSeconds' | 'openDeadLetters' | 'timesAheadSeconds'
> & {
  readonly databaseBytes: string
  readonly relayRows: number
  readonly relaySeconds: number
  readonly application: string | null
  readonly pid: number | null
  readonly forSeconds: number
}

/** An ordinary write lasts milliseconds: only a transaction that has lasted a second holds back the log. */
const READ_STATUS = `
  select pg_database_size(current_database()) as "databaseBytes",
         coalesce(extract(epoch from clock_timestamp() - waiting.recorded_at), 0)::float8 as "averagesLagSeconds",
         coalesce(extract(epoch from clock_timestamp() - unstable.recorded_at), 0)::float8 as "logLagSeconds",
         unpublished.rows as "relayRows",
         coalesce(extract(epoch from clock_timestamp() - unpublished.since), 0)::float8 as "relaySeconds",
         (select count(*)::integer from dead_letters where resolution is null) as "openDeadLetters",
         greatest(0, extract(epoch from greatest(
           (select max(confirmed_at) from series_state), (select max(finished_at) from polling_runs)) - clock_timestamp()
         ))::float8 as "timesAheadSeconds",
         holder.*
    from (values (1)) as one
    left join lateral (
      select min(unseen.recorded_at) as recorded_at
        from unnest($1::text[]) as r (reader)
        left join log_positions l using (reader)
       cross join lateral (
          select p.recorded_at from prices p
           where (p.epoch, p.xid, p.id) > (coalesce(l.epoch, 0), coalesce(l.xid, '0'), coalesce(l.id, 0))
           order by p.epoch, p.xid, p.id limit 1) as unseen) as waiting on true
    left join lateral (
      select p.recorded_at from prices p where (p.epoch, p.xid) >= (${HIGH_WATER_MARK})
       order by p.epoch, p.xid, p.id limit 1) as unstable on true
    left join lateral (
      select (select count(*)::integer from (
                select from prices p where (p.epoch, p.xid, p.id) > (published.epoch, published.xid, published.id)
                 order by p.epoch, p.xid, p.id limit 100000) as waiting) as rows,
             (select p.recorded_at from prices p where (p.epoch, p.xid, p.id) > (published.epoch, published.xid, published.id)
               order by p.epoch, p.xid, p.id limit 1) as since
        from (select coalesce(l.epoch, 0) as epoch, coalesce(l.xid, '0') as xid, coalesce(l.id, 0) as id
                from (values ($2::text)) as r (reader) left join log_positions l using (reader)
               where r.reader is not null) as published) as unpublished on true
    left join lateral (
      select application, pid, extract(epoch from clock_timestamp() - since)::float8 as "forSeconds"
        from (
          select coalesce(application_name, ''), pid, backend_xid, xact_start from pg_stat_activity where backend_xid is not null
          union all
          select 'prepared transaction ' || gid, null, transaction, prepared from pg_prepared_xacts
        ) as writing (application, pid, xid, since)
       where since < clock_timestamp() - interval '1 s'
       order by xid::text::bigint limit 1) as holder on true`

const READ_LEASES = `
  select name, holder, epoch, expires_at > clock_timestamp() as "isHeld",
         holder = $1 and expires_at > clock_timestamp() as "isOurs"
    from leases order by name`

type ProviderRow = Omit<ProviderStatus, 'newest'> & {
  readonly symbol: string | null
  readonly eventTime: Instant
  readonly confirmedAt: Instant
  readonly marketState: MarketState
  readonly delaySeconds: number | null
}

const READ_PROVIDERS = `
  select known.provider, (select count(*)::integer from series s where s.provider = known.provider) as series,
         newest.symbol, newest."eventTime", newest."confirmedAt", newest."marketState", newest."delaySeconds",
         jobs.total as jobs, jobs.active as "activeJobs", jobs.failing as "failingJobs"
    from (select provider from series union select provider from polling_jobs) as known
   cross join lateral (
      select count(*)::integer as total, count(*) filter (where not paused)::integer as active,
             count(*) filter (where failures > 0 and not paused)::integer as failing
        from polling_jobs j where j.provider = known.provider) as jobs
    left join lateral (
      select s.symbol, ${CONFIRMED_AT} as "confirmedAt", coalesce(st.market_state, 'unknown') as "marketState",
             st.delay_seconds as "delaySeconds", p.event_time as "eventTime"
        from series s
        left join series_state st on st.series_id = s.id
       cross join lateral (
          select event_time, received_at from prices where series_id = s.id order by event_time desc, revision desc limit 1) as p
       where s.provider = known.provider order by ${CONFIRMED_LAST} limit 1) as newest on true
   order by known.provider`

function toProviderStatus({ symbol, ...row }: ProviderRow): ProviderStatus {
  const { provider, series, jobs, activeJobs, failingJobs, ...newest } = row
  return { provider, series, jobs, activeJobs, failingJobs, newest: symbol === null ? null : { symbol, ...newest } }
}
