import { existsSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type pg from 'pg'
import type { Check } from '../../cli/health/doctor.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { ConfigError, type Config } from '../config.ts'
import { kafkaOf, toleratedLagSeconds } from '../kafka.ts'
import { kafkaReason } from '../../kafka/client/errors.ts'
import { joinDatabase, type Database } from '../../postgres/database.ts'
import { dataFolder } from '../../postgres/embedded/cluster.ts'
import { assertMigrated } from '../../postgres/schema/migrate.ts'
import { createReadServiceStatus } from '../../postgres/health/status.ts'
import { validateQuote } from '../../core/ingest/validate-quote.ts'
import { millisOf, type Instant } from '../../lib/instant.ts'
import type { ServiceStatus } from '../../core/health/status.ts'
import { findService } from './running-service.ts'
import { createProviders, databaseOptions, type AppContext } from '../context.ts'

/** Looks at everything that the service needs, and changes nothing: no database is made, no price is kept. */
export async function examine(readSetting: () => AppContext): Promise<readonly Check[]> {
  const [configuration, context] = settingOf(readSetting)
  if (context === undefined) return [checkNode(), configuration]
  const database = checkStorage(context)
  // The database first: one of ours alone takes the machine's attention while it starts.
  const rest = await Promise.all([database, checkKafka(context), checkService(context), checkProvider(context)])
  return [checkNode(), configuration, ...rest.flat()]
}

const OLDEST_NODE = [24, 15] as const

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  const help = isNewEnough
    ? undefined
    : `Start it as bin/market-data, or install Node ${OLDEST_NODE.join('.')} or newer.`
  return { name: 'node', status: isNewEnough ? 'ok' : 'fail', detail: process.version, help }
}

function settingOf(readSetting: () => AppContext): [Check, AppContext?] {
  const name = 'configuration'
  try {
    return [{ name, status: 'ok', detail: 'every setting can be used' }, readSetting()]
  } catch (error) {
    const help = 'Every setting is explained in docs/reference/configuration.md.'
    return [{ name, status: 'fail', detail: problemsOf(error).join('; '), help }]
  }
}

async function checkStorage(context: AppContext): Promise<readonly Check[]> {
  const help =
    context.config.DATABASE_URL === undefined ? undefined : 'Is DATABASE_URL right, and does that server run?'
  try {
    const options = databaseOptions(context)
    const directory = typeof options.at === 'string' ? [] : [checkDisk(options.at.path)]
    if (typeof options.at !== 'string' && !existsSync(join(dataFolder(options.at.path), 'PG_VERSION'))) {
      return [...directory, { name: 'database', status: 'ok', detail: 'none yet; the first start makes it' }]
    }
    await using database = await joinDatabase(options)
    return [...directory, ...(await checkDatabase(database, context.config))]
  } catch (error) {
    return [{ name: 'database', status: 'fail', detail: problemsOf(error).join('; '), help }]
  }
}

const MEBIBYTE = 1024 ** 2
const TIGHT_MB = 1_024
const FULL_MB = 128

/** That the directory can be written in was seen when it was chosen. */
function checkDisk(path: string): Check {
  const { bavail, bsize } = statfsSync(nearestFolder(path))
  const freeMb = Math.floor((bavail * bsize) / MEBIBYTE)
  const status = freeMb < FULL_MB ? 'fail' : freeMb < TIGHT_MB ? 'warn' : 'ok'
  const help = status === 'ok' ? undefined : 'Make room, or set DATA_DIR to another disk.'
  return { name: 'data directory', status, detail: `${path}, ${freeMb} MiB free`, help }
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path))
}

async function checkDatabase({ pool, location }: Database, config: Config): Promise<readonly Check[]> {
  const reachable: Check = { name: 'database', status: 'ok', detail: location }
  const clocks = await checkClock(pool)
  try {
    await assertMigrated(pool)
  } catch (error) {
    return [reachable, clocks, { name: 'tables', status: 'fail', detail: problemsOf(error).join('; ') }]
  }
  const facts = await createReadServiceStatus(pool, { windows: config.MA_WINDOWS, isPublished: false })()
  const tables: Check = { name: 'tables', status: 'ok', detail: 'of this version' }
  return [reachable, clocks, tables, checkAverages(facts, config), checkLog(facts), checkJobs(facts)]
}

const NOTED_SKEW_MS = 1_000
/** Beyond it prices count as made in the future, and are refused. */
const WRONG_SKEW_MS = 120_000

async function checkClock(pool: pg.Pool): Promise<Check> {
  const before = clock.now()
  const { rows } = await pool.query<{ now: Instant }>('select clock_timestamp() as now')
  const middle = (before + clock.now()) / 2
  const skewMs = Math.abs(millisOf(rows[0]?.now ?? ('' as Instant)) - middle)
  const status = skewMs > WRONG_SKEW_MS ? 'fail' : skewMs > NOTED_SKEW_MS ? 'warn' : 'ok'
  const help = status === 'ok' ? undefined : 'Let both machines set their clocks by the network (NTP).'
  return { name: 'clock', status, detail: `${(skewMs / 1_000).toFixed(1)} s from the database's`, help }
}

function checkAverages({ averagesLagSeconds }: ServiceStatus, config: Config): Check {
  const name = 'averages'
  if (averagesLagSeconds === 0) return { name, status: 'ok', detail: 'up to date' }
  const detail = `${averagesLagSeconds.toFixed(1)} s behind the prices`
  if (averagesLagSeconds <= toleratedLagSeconds(config)) return { name, status: 'ok', detail }
  return {
    name,
    status: 'warn',
    detail,
    help: 'A running service catches up; if one runs, its log says what hinders it.',
  }
}

function checkLog({ logHeldBy }: ServiceStatus): Check {
  const name = 'log'
  if (logHeldBy === null) return { name, status: 'ok', detail: 'nobody holds it back' }
  const { application, pid, forSeconds } = logHeldBy
  const holder = pid === null ? application : `${application || 'a client without a name'}, process ${pid}`
  const end = pid === null ? 'rollback prepared, in its database' : `select pg_terminate_backend(${pid})`
  const detail = `held back for ${forSeconds.toFixed(1)} s by ${holder}`
  return { name, status: 'warn', detail, help: `Prices wait for it. To end it: ${end}` }
}

function checkJobs({ providers }: ServiceStatus): Check {
  let [all, failing] = [0, 0]
  for (const { jobs, failingJobs } of providers) {
    all += jobs
    failing += failingJobs
  }
  if (failing === 0) return { name: 'jobs', status: 'ok', detail: all === 0 ? 'none' : `${all}, none of them failing` }
  return {
    name: 'jobs',
    status: 'warn',
    detail: `${all}, ${failing} of them failing`,
    help: 'market-data jobs list says why.',
  }
}

async function checkKafka({ config }: AppContext): Promise<readonly Check[]> {
  const name = 'kafka'
  try {
    const kafka = kafkaOf(config)
    if (kafka === undefined) return []
    const { findTopic } = await import('../../kafka/client/topics.ts')
    const topic = await findTopic(kafka.access, kafka.topic)
    const found = topic ? `with ${topic.partitions} partitions` : 'not there yet; the first relay or consumer makes it'
    return [{ name, status: 'ok', detail: `topic ${kafka.topic.name}, ${found}` }]
  } catch (error) {
    const detail = error instanceof ConfigError ? error.problems.join('; ') : kafkaReason(error)
    return [{ name, status: 'fail', detail, help: 'Prices are kept meanwhile, and announced when it works.' }]
  }
}

async function checkService({ config, version }: AppContext): Promise<Check> {
  const name = 'service'
  if (config.PORT === 0) return { name, status: 'warn', detail: 'PORT=0: any free port, so there is none to look at' }
  const found = await findService(config)
  if (found.who === 'nobody') {
    return { name, status: 'warn', detail: `none answers at ${found.url}`, help: 'To start it: market-data serve' }
  }
  if (found.who === 'stranger') {
    const help = 'Stop it, or set PORT to another port.'
    return { name, status: 'fail', detail: `another program uses ${found.url}, or the service hangs`, help }
  }
  if (found.version === undefined) return { name, status: 'ok', detail: `runs at ${found.url} and asks for a key` }
  if (found.version === version.version) return { name, status: 'ok', detail: `runs at ${found.url}` }
  const detail = `version ${found.version} runs at ${found.url}; this is ${version.version}`
  return { name, status: 'warn', detail, help: 'Start it again, with this version.' }
}

const PROBE = 'AAPL'
const PROVIDER_PATIENCE_MS = 5_000

/** Asks for one price and keeps nothing. A provider that is away is no fault of the installation. */
async function checkProvider(context: AppContext): Promise<Check> {
  const { DEFAULT_PROVIDER } = context.config
  const name = 'provider'
  try {
    const source = createProviders(context).get(DEFAULT_PROVIDER)
    const reply = await source.fetchReply([PROBE], AbortSignal.timeout(PROVIDER_PATIENCE_MS))
    const [result] = source.parseReply(reply)
    const error = result && 'quote' in result ? validateQuote(result.quote, reply.receivedAt) : result?.error
    if (error === undefined) return { name, status: 'ok', detail: `${source.name} has a price of ${PROBE}` }
    return { name, status: 'warn', detail: `${source.name} answers, without a price of ${PROBE}: ${error.message}` }
  } catch (error) {
    const detail = `${DEFAULT_PROVIDER} gives no answer: ${problemsOf(error).join('; ')}`
    return { name, status: 'warn', detail, help: 'Without a network use the provider simulated.' }
  }
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems
  return [error instanceof Error ? error.message : String(error)]
}
