import { doctorJson, doctorReport, worstOf } from './cli/doctor-report.ts'
import { fetchPrices } from './cli/fetch.ts'
import { printHistory } from './cli/history.ts'
import { addJobs, changeJobs, listJobs } from './cli/jobs.ts'
import { jsonLine } from './cli/json-bodies.ts'
import type { Output } from './cli/output.ts'
import type { Actions } from './cli/program.ts'
import { startBlock } from './cli/start-block.ts'
import { verifyReport } from './cli/verify-report.ts'
import { watchPrices } from './cli/watch.ts'
import { systemClock as clock } from './clock.ts'
import { isLoopback, readConfig } from './config.ts'
import { examine } from './doctor.ts'
import { createLog, createQuietLog } from './log.ts'
import { joinDatabase } from './postgres/database.ts'
import { createDbRoles } from './postgres/db-roles.ts'
import { createReadHistory } from './postgres/history.ts'
import { createJobs } from './postgres/jobs.ts'
import { migrate } from './postgres/migrate.ts'
import { createRecordReply } from './postgres/record.ts'
import { joinPriceFeed } from './price-feed.ts'
import { createCollect } from './prices/collect.ts'
import { requireKafka } from './kafka-access.ts'
import { createKafkaActions } from './kafka-commands.ts'
import { findService } from './running-service.ts'
import {
  createSourcesOf,
  createVerification,
  databaseOptions,
  openApiDocument,
  startService,
  type Service,
  type Setting,
  type Version,
} from './service.ts'
import { openTables, type Tables } from './tables.ts'
import { untilStopped } from './until-stopped.ts'

const EXIT_FAILED = 1

type Needs = { readonly output: Output; readonly readSetting: () => Setting }

/** What each command does: its parts, put together, and the exit code. */
export function createActions(version: Version, output: Output): Actions {
  const readSetting = () => {
    const config = readConfig()
    return { config, log: createQuietLog(config), version }
  }
  const needs = { output, readSetting }
  return {
    ...serviceActions(needs),
    ...createKafkaActions(needs),
    ...upkeepActions(needs),
    ...priceActions(needs),
    ...jobActions(needs),
  }
}

function serviceActions({ output, readSetting }: Needs): Pick<Actions, 'serve' | 'serveRole' | 'openapi'> {
  const serve: Actions['serve'] = async ({ demo = false, roles, json }) => {
    const stopped = untilStopped()
    const setting = readSetting()
    const log = createLog(setting.config)
    await using service = await startService({ ...setting, log }, { demo, roles })
    const facts = { ...startFacts(setting, service), roles }
    const { url, data, demoSymbols } = facts
    await output.write(json ? jsonLine({ url, data, roles, demo_symbols: demoSymbols }) : startBlock(facts))
    log.info(`stopping: ${await stopped}`)
    return 0
  }
  return {
    serve,

    serveRole: async (role, { json }) => {
      requireKafka(readSetting().config)
      return serve({ roles: [role], json })
    },

    openapi: async () => {
      await output.write(`${JSON.stringify(await openApiDocument(readSetting()), undefined, 2)}\n`)
      return 0
    },
  }
}

function upkeepActions({
  output,
  readSetting,
}: Needs): Pick<Actions, 'migrate' | 'createDbRoles' | 'verify' | 'doctor'> {
  return {
    migrate: async ({ json }) => {
      await using database = await joinDatabase(databaseOptions(readSetting()))
      const migrations = await migrate(database.pool)
      await output.write(json ? jsonLine({ migrations }) : describeMigrations(migrations))
      return 0
    },

    createDbRoles: async ({ json }) => {
      await using tables = await openTables(readSetting())
      const roles = await createDbRoles(tables.pool)
      await output.write(json ? jsonLine({ roles }) : `Done: ${roles.join(', ')}.\n`)
      return 0
    },

    verify: async ({ json }) => {
      const setting = readSetting()
      await using tables = await openTables(setting)
      const found = await createVerification(setting, tables.pool)(output.closed)
      await output.write(json ? jsonLine(found) : verifyReport(found))
      return found.differenceCount === 0 ? 0 : EXIT_FAILED
    },

    doctor: async ({ json }) => {
      const checks = await examine(readSetting)
      await output.write(json ? doctorJson(checks) : doctorReport(checks, output))
      return worstOf(checks) === 'fail' ? EXIT_FAILED : 0
    },
  }
}

function priceActions({ output, readSetting }: Needs): Pick<Actions, 'fetch' | 'history' | 'watch'> {
  return {
    fetch: async (options) => {
      const setting = readSetting()
      const sources = createSourcesOf(setting)
      const provider = sources.get(options.provider ?? setting.config.DEFAULT_PROVIDER).name
      await using tables = await openTables(setting)
      const record = createRecordReply(tables.pool)
      // Nobody in this process waits for prices; the service finds them in the log.
      const collect = createCollect({ sourceOf: sources.get, record, announce: () => {}, observe: () => {}, clock })
      return (await fetchPrices({ collect, output }, { ...options, provider })) ? 0 : EXIT_FAILED
    },

    history: async (options) => {
      const setting = readSetting()
      const provider = createSourcesOf(setting).get(options.provider ?? setting.config.DEFAULT_PROVIDER).name
      await using tables = await openTables(setting)
      await printHistory({ readHistory: createReadHistory(tables.pool), output }, { ...options, provider })
      return 0
    },

    watch: async (options) => {
      const setting = readSetting()
      const sources = createSourcesOf(setting)
      const provider = options.provider && sources.get(options.provider).name
      const providers = provider === undefined ? sources.list().map(({ name }) => name) : [provider]
      const stopping = new AbortController()
      void untilStopped().then(() => stopping.abort())
      const signal = AbortSignal.any([stopping.signal, output.closed])
      if (setting.config.DATABASE_URL !== undefined) await sayWhereNobodyAnswers(setting, output)
      const join = () => joinPriceFeed(setting, providers)
      await watchPrices({ join, output, clock, signal }, { ...options, provider })
      return 0
    },
  }
}

function jobActions({ output, readSetting }: Needs): Pick<Actions, 'listJobs' | 'addJobs' | 'changeJobs'> {
  const needsOf = ({ pool }: Tables) => ({ jobs: createJobs(pool, clock), output, clock })
  const sayWhereNothingRuns = ({ isOursAlone }: Tables) => {
    if (isOursAlone) output.say('No service runs here: jobs run once one is started.')
  }
  return {
    listJobs: async (options) => {
      await using tables = await openTables(readSetting())
      await listJobs(needsOf(tables), options)
      return 0
    },

    addJobs: async (options) => {
      const setting = readSetting()
      const source = createSourcesOf(setting).get(options.provider ?? setting.config.DEFAULT_PROVIDER)
      await using tables = await openTables(setting)
      await addJobs(needsOf(tables), source, options)
      sayWhereNothingRuns(tables)
      return 0
    },

    changeJobs: async (verb, options) => {
      const setting = readSetting()
      const provider = options.provider && createSourcesOf(setting).get(options.provider).name
      await using tables = await openTables(setting)
      await changeJobs(needsOf(tables), verb, { ...options, provider })
      if (verb === 'resume' || verb === 'run') sayWhereNothingRuns(tables)
      return 0
    },
  }
}

/** On a server's database we see nobody work, so we ask where the service would be. */
async function sayWhereNobodyAnswers({ config }: Setting, output: Output): Promise<void> {
  const { url, who } = await findService(config)
  if (who !== 'service')
    output.say(`No service answers at ${url}: prices arrive only while one works on this database.`)
}

function startFacts({ config, version }: Setting, { url, database, demoSymbols }: Service) {
  const dataNote = database.moved
    ? 'not ./data: PostgreSQL does not run as root, and its account cannot enter this folder'
    : undefined
  const isOpenToAll = !isLoopback(config.HOST)
  return { url, version: version.version, data: database.place, dataNote, demoSymbols, isOpenToAll }
}

function describeMigrations(names: readonly string[]): string {
  return names.length === 0 ? 'The tables are up to date.\n' : `Done: ${names.join(', ')}.\n`
}
