import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Admin, Producer } from '@platformatic/kafka'
import pg from 'pg'
import { createEmptyDatabase, urlOf } from './database.ts'
import type { accessTo } from './kafka.ts'
import { runCommand, startService } from './service-process.ts'
import { createYahooFake, yahooQuote } from './yahoo-fake.ts'

// What version 0.1.0 left behind when it was killed; test/fixtures/0.1.0/README.md says how it was recorded.

const FIXTURE = join(import.meta.dirname, '../fixtures/0.1.0')

/** Headers with keys that exist in the fixture and nowhere else. In one piece, they would look like keys that leaked. */
const headerOf = (random: string) => ({ authorization: `Bearer mds_live_${random}` })
export const VALID_KEY = headerOf('dZfRQDozIBSVoGHddmUzBWsqANbTQHBcACj0uHBsdCv0B7SRi')
export const REVOKED_KEY = headerOf('0wBTdprjF4LypBM0CyhTKRICJAcdxPhyX44U9gLtQDr2UO5bt')

/** As 0.1.0 was started. The fixture grows old, so nothing in it may be deleted for its age. */
const SETTINGS = { MA_WINDOWS: '5,3', RETENTION_SIMULATED_DAYS: '36500', RETENTION_RUNS_DAYS: '36500' }

export type OldDatabase = {
  readonly env: Readonly<Record<string, string>> & { readonly DATABASE_URL: string }
  /** Connections that no command takes for a service. */
  readonly pool: pg.Pool
}

/** A fresh database with the contents of a file of the fixture. It is dropped when the test ends. */
export async function loadOldDatabase(t: TestContext, file: 'database.sql' | 'half-copy.sql'): Promise<OldDatabase> {
  const connectionString = urlOf(await createEmptyDatabase(t))
  // A session of its own, because the file changes the session's settings.
  const loading = new pg.Client({ connectionString })
  await loading.connect()
  await loading.query(readFileSync(join(FIXTURE, file), 'utf8'))
  await loading.end()
  const pool = new pg.Pool({ connectionString, max: 2 })
  // The database is dropped while the pool is open.
  pool.on('error', () => {})
  t.after(() => pool.end())
  return { env: { ...SETTINGS, DATABASE_URL: connectionString }, pool }
}

/** Starts today's service on an old database. Yahoo still quotes what it quoted last, until `quote` changes it. */
export async function takeOver(
  t: TestContext,
  { env, pool }: OldDatabase,
  kafka: Readonly<Record<string, string>> = {},
) {
  const yahoo = await createYahooFake(t)
  const quote = (symbol: string, price: string, seconds: number) =>
    yahoo.quote(symbol, yahooQuote(symbol, price, { regularMarketTime: seconds }))
  const { rows } = await pool.query(
    `select symbol, price, extract(epoch from event_time) as seconds from latest_prices where provider = 'yfinance'`,
  )
  for (const { symbol, price, seconds } of rows) quote(symbol, price, Number(seconds))
  const service = await startService(t, { env: { ...env, ...kafka, YFINANCE_BASE_URL: yahoo.url } })
  return { ...service, quote }
}

/** Runs a command of today on an old database; its output comes back. @throws unless it exits with 0 */
export async function runOn({ env }: OldDatabase, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(words, { env })
  if (code !== 0) throw new Error(`${words.join(' ')} exited with ${code}: ${stdout}${stderr}`)
  return stdout
}

/** The rows of a query, a line each. */
export async function linesOf(pool: pg.Pool, query: string): Promise<readonly string[]> {
  const { rows } = await pool.query({ text: query, rowMode: 'array' })
  return rows.map((row) => row.join(' '))
}

type OldMessage = {
  readonly partition: number
  readonly key: string
  readonly value: string
  readonly headers: readonly (readonly [string, string])[]
}

/** What 0.1.0 published, in the order of each partition. */
export function readOldMessages(): readonly OldMessage[] {
  const lines = readFileSync(join(FIXTURE, 'price-events.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as OldMessage)
}

/** Creates a topic that has the messages of 0.1.0 in the same partitions and order. */
export async function createOldTopic(access: ReturnType<typeof accessTo>, topic: string): Promise<void> {
  const admin = new Admin(access)
  await admin.createTopics({ topics: [topic], partitions: 6, replicas: -1 })
  await admin.close()
  const messages = readOldMessages().map(({ partition, key, value, headers }) => ({
    topic,
    partition,
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers: new Map(headers.map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  }))
  const producer = new Producer({ ...access, idempotent: true })
  await producer.send({ messages })
  await producer.close()
}
