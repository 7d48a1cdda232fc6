import { existsSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import type { Check } from '../../../cli/health/doctor.ts'
import type { ServiceStatus } from '../../../core/health/status.ts'
import { systemClock as clock } from '../../../lib/clock.ts'
import { millisOf, type Instant } from '../../../lib/instant.ts'
import { isAhead } from '../../../formats/health/health.ts'
import { joinDatabase, type Database } from '../../../postgres/database.ts'
import { dataFolder } from '../../../postgres/embedded/cluster.ts'
import { nearestFolder } from '../../../postgres/embedded/data-dir.ts'
import { createReadServiceStatus } from '../../../postgres/health/status.ts'
import { assertMigrated } from '../../../postgres/schema/migrate.ts'
import type { Config } from '../../config.ts'
import { databaseOptions, type AppContext } from '../../context.ts'
import { toleratedLagSeconds } from '../../kafka.ts'
import { problemsOf } from '../problems.ts'
import { checkCalendars } from './calendars.ts'

/** The database, what is in it, and the disk below the embedded one. Never rejects. */
export async function checkStorage(context: AppContext): Promise<readonly Check[]> {
  const isOwn = context.config.DATABASE_URL === undefined
  const help = isOwn ? undefined : 'Check DATABASE_URL, and that the server is running.'
  try {
    const options = databaseOptions(context)
    const disk = 'path' in options.at ? [checkDisk(options.at.path)] : []
    if ('path' in options.at && !existsSync(join(dataFolder(options.at.path), 'PG_VERSION'))) {
      return [...disk, { name: 'database', status: 'ok', detail: 'none yet; the first start creates it' }]
    }
    await using database = await joinDatabase(options)
    return [...disk, ...(await checkDatabase(database, context.config))]
  } catch (error) {
    return [{ name: 'database', status: 'fail', detail: problemsOf(error).join('; '), help }]
  }
}

const MEBIBYTE = 1024 ** 2
const LOW_MIB = 1_024
const FULL_MIB = 128

/** Only the free space: choosing the directory has already proved that it is writable. */
function checkDisk(path: string): Check {
  const { bavail, bsize } = statfsSync(nearestFolder(path))
  const freeMib = Math.floor((bavail * bsize) / MEBIBYTE)
  const status = statusOf(-freeMib, { warn: -LOW_MIB, fail: -FULL_MIB })
  const help = status === 'ok' ? undefined : 'Free up disk space, or set DATA_DIR to a directory on another disk.'
  return { name: 'data directory', status, detail: `${path}, ${freeMib} MiB free`, help }
}

async function checkDatabase(database: Database, config: Config): Promise<readonly Check[]> {
  const { pool } = database
  const reachable: Check = { name: 'database', status: 'ok', detail: addressText(database) }
  const clocks = await checkClock(pool)
  try {
    await assertMigrated(pool)
  } catch (error) {
    return [reachable, clocks, { name: 'tables', status: 'fail', detail: problemsOf(error).join('; ') }]
  }
  const found = await createReadServiceStatus(pool, { windows: config.MA_WINDOWS, isPublished: false })()
  const tables: Check = { name: 'tables', status: 'ok', detail: 'match this version' }
  return [
    reachable,
    clocks,
    tables,
    ...checkTimes(found),
    checkAverages(found, config),
    checkLog(found),
    checkJobs(found),
    ...(await checkCalendars(pool)),
  ]
}

/** With the command that connects to the embedded database, which runs only as long as the service. */
function addressText({ location, isShared, socket }: Database): string {
  return isShared && socket !== undefined ? `${location}, for SQL: psql -h ${socket} -U postgres` : location
}

const NOTED_SKEW_MS = 1_000
/** With a larger skew the timestamps of new prices lie in the future, and the prices are refused. */
const WRONG_SKEW_MS = 120_000

async function checkClock(pool: pg.Pool): Promise<Check> {
  const before = clock.now()
  const { rows } = await pool.query<{ now: Instant }>('select clock_timestamp() as now')
  const middle = (before + clock.now()) / 2
  const skewMs = Math.max(...rows.map(({ now }) => Math.abs(millisOf(now) - middle)))
  const status = statusOf(skewMs, { warn: NOTED_SKEW_MS, fail: WRONG_SKEW_MS })
  const help = status === 'ok' ? undefined : 'Synchronise the clocks of both machines (NTP).'
  const seconds = (skewMs / 1_000).toFixed(1)
  return { name: 'clock', status, detail: `differs from the database's by ${seconds} s`, help }
}

function checkTimes(found: ServiceStatus): readonly Check[] {
  const name = 'stored times'
  if (!isAhead(found)) return []
  const detail = `up to ${found.timesAheadSeconds.toFixed(0)} s in the future: a clock was ahead when they were stored`
  const help = 'If this machine’s time is right now, nothing is to be done: such times are ignored and replaced.'
  return [{ name, status: 'warn', detail, help }]
}

type Limits = { readonly warn: number; readonly fail: number }

function statusOf(value: number, { warn, fail }: Limits): Check['status'] {
  if (value > fail) return 'fail'
  return value > warn ? 'warn' : 'ok'
}

function checkAverages({ averagesLagSeconds }: ServiceStatus, config: Config): Check {
  const name = 'averages'
  if (averagesLagSeconds === 0) return { name, status: 'ok', detail: 'up to date' }
  const detail = `${averagesLagSeconds.toFixed(1)} s behind the prices`
  if (averagesLagSeconds <= toleratedLagSeconds(config)) return { name, status: 'ok', detail }
  const help = 'A running service catches up. If one is running, its log shows what prevents it.'
  return { name, status: 'warn', detail, help }
}

function checkLog({ logHeldBy }: ServiceStatus): Check {
  const name = 'log'
  if (logHeldBy === null) return { name, status: 'ok', detail: 'no blocking transaction' }
  const { application, pid, forSeconds } = logHeldBy
  const holder = pid === null ? application : `${application || 'an unnamed client'}, process ${pid}`
  const end = pid === null ? 'rollback prepared, in its database' : `select pg_terminate_backend(${pid})`
  const detail = `blocked for ${forSeconds.toFixed(1)} s by a transaction of ${holder}`
  return { name, status: 'warn', detail, help: `New prices wait for it. To end it: ${end}` }
}

function checkJobs({ providers }: ServiceStatus): Check {
  const name = 'jobs'
  const all = providers.reduce((sum, { jobs }) => sum + jobs, 0)
  const failing = providers.reduce((sum, { failingJobs }) => sum + failingJobs, 0)
  if (all === 0) return { name, status: 'ok', detail: 'none' }
  const detail = `${all}, ${failing === 0 ? 'none' : failing} of them failing`
  if (failing === 0) return { name, status: 'ok', detail }
  return { name, status: 'warn', detail, help: 'market-data jobs list shows the reason.' }
}
