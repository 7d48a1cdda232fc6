import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask } from './request.ts'
import { createEmptyDatabase, urlOf } from './database.ts'
import { createEmptyDataDir, createFolder, startService, type ServiceProcess } from './service-process.ts'
import { until } from './until.ts'
import { createYahooFake, yahooQuote } from './yahoo-fake.ts'

/** A shell for the commands of the documentation. */
export type Shell = {
  /** Runs some lines and returns their stdout. @throws unless they exit with 0 */
  run(commands: string): Promise<string>
}

const STARTS_SERVICE = /^(.*)(npm start|npm run dev|bin\/market-data serve)/m
const SERVICE = 'http://127.0.0.1:8000'
const DATABASE = 'postgres://market_data:secret@localhost/market_data'

/**
 * A shell in a folder that looks like a fresh clone. A command that starts the service really starts it; any other command
 * finds the demo running. Yahoo is a fake, and URLs are replaced by those of the test.
 */
export async function createShell(t: TestContext): Promise<Shell> {
  const { env, ...context } = await createContext(t)
  const database = urlOf(await createEmptyDatabase(t))
  let service: ServiceProcess | undefined
  const start = async (commands: string) => {
    await service?.stop()
    const command = ['bash', '-ec', commands.replace(STARTS_SERVICE, '$1exec $2')]
    service = await startService(t, { ...context, env, command })
    return service.stdout()
  }
  return {
    run: async (commands) => {
      const here = commands.replaceAll(DATABASE, database).replaceAll(/^PORT=\d+ /gm, 'PORT=0 ')
      if (STARTS_SERVICE.test(here)) return start(here)
      service ??= await startService(t, { ...context, env, args: ['--demo'] })
      if (here.includes('/moving-averages')) await untilAverages(service)
      return runToEnd(here.replaceAll(SERVICE, service.url), { ...context, env })
    },
  }
}

type Context = { readonly cwd: string; readonly dataDir: string; readonly env: Readonly<Record<string, string>> }

const project = fileURLToPath(new URL('../..', import.meta.url))

async function createContext(t: TestContext): Promise<Context> {
  const cwd = createFolder()
  const names = readdirSync(project).filter((name) => name !== 'data' && !name.startsWith('.'))
  for (const name of names) symlinkSync(join(project, name), join(cwd, name))
  const yahoo = await createYahooFake(t)
  for (const symbol of ['AAPL', 'MSFT']) yahoo.quote(symbol, yahooQuote(symbol, '196.45'))
  const PATH = [join(project, 'node_modules', '.bin'), process.env['PATH']].join(delimiter)
  return { cwd, dataDir: createEmptyDataDir(), env: { PATH, YFINANCE_BASE_URL: yahoo.url } }
}

async function untilAverages({ url }: ServiceProcess): Promise<void> {
  const average = `${url}/moving-averages/latest?symbol=AAPL&provider=simulated`
  await until(async () => (await ask(average)).status === 200, 'five prices')
}

/** A stream never ends, so only its first price is read. */
async function runToEnd(commands: string, { cwd, dataDir, env }: Context): Promise<string> {
  const finite = commands.replaceAll(/^curl -N .*$/gm, "$& | grep -m1 '^data: '")
  const own = { HOME: process.env['HOME'], DATA_DIR: dataDir }
  const child = spawn('bash', ['-ec', finite], { cwd, env: { ...own, ...env }, timeout: 120_000 })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.equal(code, 0, `${commands}\n${stdout}${stderr}`)
  return stdout
}
