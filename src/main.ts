import { readFileSync } from 'node:fs'
import { pino, type Logger } from 'pino'
import { createProgram, type Actions } from './cli/program.ts'
import { startBlock } from './cli/start-block.ts'
import { verifyReport } from './cli/verify-report.ts'
import { systemClock } from './clock.ts'
import { ConfigError, isLoopback, readConfig, type Config } from './config.ts'
import { joinDatabase } from './postgres/database.ts'
import { assertMigrated, migrate } from './postgres/migrate.ts'
import {
  createVerification,
  databaseOptions,
  openApiDocument,
  startService,
  type Service,
  type Setting,
  type Version,
} from './service.ts'

const EXIT_FAILED = 1
const EXIT_CONFIG = 78
const EXIT_INTERRUPTED = 130
/** One Ctrl-C may reach us twice, from the terminal and from npm. */
const ECHO_MS = 1_000

const version = readVersion()

const actions: Actions = {
  serve: async ({ demo }) => {
    const stopped = untilStopped()
    const setting = readSetting()
    await using service = await startService(setting, demo)
    process.stdout.write(startBlock(startFacts(setting.config, service)))
    setting.log.info(`stopping: ${await stopped}`)
    return 0
  },

  migrate: async ({ json }) => {
    await using database = await joinDatabase(databaseOptions(readSetting()))
    const migrations = await migrate(database.pool)
    process.stdout.write(json ? `${JSON.stringify({ migrations })}\n` : describeMigrations(migrations))
    return 0
  },

  verify: async ({ json }) => {
    const setting = readSetting()
    await using database = await joinDatabase(databaseOptions(setting))
    await assertMigrated(database.pool)
    const found = await createVerification(setting, database.pool)(new AbortController().signal)
    process.stdout.write(json ? `${JSON.stringify(found)}\n` : verifyReport(found))
    return found.differenceCount === 0 ? 0 : EXIT_FAILED
  },

  openapi: async () => {
    process.stdout.write(`${JSON.stringify(await openApiDocument(readSetting()), undefined, 2)}\n`)
    return 0
  },
}

await run()

/** Every failure ends here: one clear line for people, the whole story only where it is our own fault. */
async function run(): Promise<void> {
  try {
    await createProgram(actions, version.version).parseAsync()
  } catch (error) {
    process.exitCode = error instanceof ConfigError ? EXIT_CONFIG : EXIT_FAILED
    const lines =
      error instanceof ConfigError ? error.problems : [error instanceof Error ? error.message : String(error)]
    for (const line of lines) process.stderr.write(`market-data: ${line}\n`)
  }
}

function readSetting(): Setting {
  const config = readConfig()
  return { config, log: createLog(config), version }
}

function readVersion(): Version {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { name, version: number } = JSON.parse(text) as { name: string; version: string }
  return { name, version: number, node: process.version }
}

/** Logs go to stderr: stdout is for what was asked. */
function createLog(config: Config): Logger {
  const options = { level: config.LOG_LEVEL, redact: ['req.headers.authorization', 'req.headers["x-api-key"]'] }
  if (!process.stderr.isTTY) return pino(options, pino.destination(2))
  return pino({ ...options, transport: { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname' } } })
}

/** Resolves with the reason. A second Ctrl-C means "at once". */
function untilStopped(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let stoppingSince = Infinity
  const stop = (reason: string) => {
    const now = systemClock.now()
    if (reason === 'SIGINT' && now - stoppingSince > ECHO_MS) process.exit(EXIT_INTERRUPTED)
    stoppingSince = Math.min(stoppingSince, now)
    resolve(reason)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop)
  // Under an older Node the launcher is our parent; its death shows only as the end of the channel between us.
  process.once('disconnect', () => resolve('the launcher ended'))
  if (process.send !== undefined && !process.connected) resolve('the launcher ended')
  // A listener for its end would keep the channel, and so the process, alive.
  process.channel?.unref()
  return promise
}

function startFacts(config: Config, { url, database, demoSymbols }: Service) {
  const dataNote = database.moved
    ? 'not ./data: PostgreSQL does not run as root, and its account cannot enter this folder'
    : undefined
  const isOpenToAll = !isLoopback(config.HOST)
  return { url, version: version.version, data: database.place, dataNote, demoSymbols, isOpenToAll }
}

function describeMigrations(names: readonly string[]): string {
  return names.length === 0 ? 'The tables are up to date.\n' : `Done: ${names.join(', ')}.\n`
}
