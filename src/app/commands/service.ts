import { jsonLine } from '../../formats/json/json-line.ts'
import { startedBody } from '../../formats/health/started.ts'
import type { Actions } from '../../cli/program.ts'
import { accessText, startBanner } from '../../cli/terminal/start-banner.ts'
import { forceExit } from '../shutdown.ts'
import { requireKafka } from '../kafka.ts'
import { createLog } from '../logger.ts'
import { openApiDocument } from '../openapi-document.ts'
import { startService, type Service } from '../service.ts'
import { untilStopped } from '../stop-signal.ts'
import type { AppContext, CommandContext } from '../context.ts'

/** The commands that run the service and describe its interface. */
export function createServiceActions({
  output,
  readContext,
}: CommandContext): Pick<Actions, 'serve' | 'serveRole' | 'openapi'> {
  const serve: Actions['serve'] = async ({ demo = false, roles, json }) => {
    const stopped = untilStopped()
    const context = readContext()
    const log = createLog(context.config)
    await using service = await startService({ ...context, log }, { demo, roles })
    const status = { ...startStatus(context, service), roles }
    await output.write(json ? jsonLine(startedBody(status)) : startBanner(status))
    log.info(`access: ${accessText(status)}`)
    log.info(`stopping: ${await stopped}`)
    forceExit(log)
    return 0
  }
  return {
    serve,

    serveRole: async (role, { json }) => {
      requireKafka(readContext().config)
      return serve({ roles: [role], json })
    },

    openapi: async () => {
      await output.write(`${JSON.stringify(await openApiDocument(readContext()), undefined, 2)}\n`)
      return 0
    },
  }
}

function startStatus({ version, config }: AppContext, { url, otherUrls, database, ...service }: Service) {
  const dataNote = database.moved
    ? 'not ./data: PostgreSQL does not run as root, and its account cannot enter this directory'
    : undefined
  const { access, demoSymbols, providers } = service
  const offered = { providers, defaultProvider: config.DEFAULT_PROVIDER, demoSymbols, access }
  return { url, otherUrls, ...offered, version: version.version, data: database.location, dataNote }
}
