import { fetchPrices } from '../../cli/prices/fetch.ts'
import { printHistory } from '../../cli/prices/history.ts'
import type { Actions } from '../../cli/program.ts'
import { watchPrices } from '../../cli/prices/watch.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { createReadHistory } from '../../postgres/prices/history.ts'
import { createStoreReply } from '../../postgres/ingest/store-reply.ts'
import { createFindStoredSymbols } from '../../postgres/prices/symbols.ts'
import { createIngest } from '../../core/ingest/ingest.ts'
import { EXIT_FAILED, type Output } from '../../cli/terminal/output.ts'
import { joinPriceFeed } from './price-feed.ts'
import { findService } from './running-service.ts'
import { openTables } from './open-tables.ts'
import { untilStopped } from '../stop-signal.ts'
import { createProviders, type AppContext, type CommandContext } from '../context.ts'

/** The commands that fetch and print prices. */
export function createPriceActions({
  output,
  readContext,
}: CommandContext): Pick<Actions, 'fetch' | 'history' | 'watch'> {
  return {
    fetch: async (options) => {
      const context = readContext()
      const providers = await createProviders(context)
      const provider = providers.get(options.provider ?? context.config.DEFAULT_PROVIDER).name
      await using tables = await openTables(context)
      const record = createStoreReply(tables.pool)
      // A running service finds the prices in the log, so nothing has to be notified here.
      const ingest = createIngest({ providerOf: providers.get, record, notify: () => {}, observe: () => {}, clock })
      return (await fetchPrices({ ingest, output }, { ...options, provider })) ? 0 : EXIT_FAILED
    },

    history: async (options) => {
      const context = readContext()
      const provider = (await createProviders(context)).get(options.provider ?? context.config.DEFAULT_PROVIDER).name
      await using tables = await openTables(context)
      const reads = { readHistory: createReadHistory(tables.pool), findStored: createFindStoredSymbols(tables.pool) }
      return (await printHistory({ ...reads, output }, { ...options, provider })) ? 0 : EXIT_FAILED
    },

    watch: async (options) => {
      const context = readContext()
      const registry = await createProviders(context)
      const provider = options.provider && registry.get(options.provider).name
      const providers = provider === undefined ? registry.list().map(({ name }) => name) : [provider]
      const stopping = new AbortController()
      void untilStopped().then(() => stopping.abort())
      const signal = AbortSignal.any([stopping.signal, output.closed])
      if (context.config.DATABASE_URL !== undefined) await warnWithoutService(context, output)
      const join = () => joinPriceFeed(context, providers)
      await watchPrices({ join, output, clock, signal }, { ...options, provider })
      return 0
    },
  }
}

/** A server's database does not show whether a service uses it, so the service's address is tried. */
async function warnWithoutService({ config }: AppContext, output: Output): Promise<void> {
  const { url, kind } = await findService(config)
  if (kind !== 'service') output.report(`No service at ${url}: prices arrive only while a service uses this database.`)
}
