import { existsSync, readFileSync } from 'node:fs'
import { hash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../test/support/free-port.ts'
import { until } from '../test/support/until.ts'
import type { Database } from './postgres.ts'
import { firstMatch, numberIn, runProgram, startProgram } from './processes.ts'

/** The reference implementation, on a database and a broker of ours. */
export type Reference = AsyncDisposable & {
  readonly url: string
  readonly pid: number
  /** Publishes messages to the topic. */
  produce(count: number): Promise<void>
  /** Computes averages from a number of messages; returns the rate per second. */
  consume(count: number): Promise<number>
}

type Needs = { readonly databaseUrl: string; readonly brokers?: string }

export async function startReference({ databaseUrl, brokers = '' }: Needs): Promise<Reference> {
  const python = await pythonWithPackages()
  const env = { DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers }
  const port = await freePort()
  const server = await startProgram([python, PROGRAM, 'serve', String(port)], env)
  const url = `http://127.0.0.1:${port}`
  await firstMatch(server, /serving/)
  await until(() => isUp(`${url}/openapi.json`), 'the reference responds')
  return {
    url,
    pid: server.pid,
    produce: async (count) => void (await runProgram([python, PROGRAM, 'produce', String(count)], env)),
    consume: async (count) =>
      numberIn(await runProgram([python, PROGRAM, 'consume', String(count)], env), /averages\/s: ([\d.]+)/),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Inserts prices of AAPL, a second apart up to now, into the tables of the reference. */
export async function fillReferenceTables({ pool }: Database, rows: number): Promise<void> {
  await pool.query(FILL, [rows])
}

const FILL = `
  insert into reference_prices (symbol, provider, price, timestamp, raw_response_id)
  select 'AAPL', 'yfinance', 196.45, now() - n * interval '1 s', 1 from generate_series(1, $1) as n`

const PROGRAM = fileURLToPath(new URL('peers/reference.py', import.meta.url))
const REQUIREMENTS = fileURLToPath(new URL('peers/requirements.txt', import.meta.url))

async function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** Installs the packages once for each version of the list. */
async function pythonWithPackages(): Promise<string> {
  const folder = join(tmpdir(), `market-data-bench-python-${hash('sha256', readFileSync(REQUIREMENTS)).slice(0, 12)}`)
  const python = join(folder, 'bin', 'python')
  if (!existsSync(join(folder, 'complete'))) {
    await runProgram(['python3', '-m', 'venv', folder])
    await runProgram([python, '-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS])
    await runProgram(['touch', join(folder, 'complete')])
  }
  return python
}
