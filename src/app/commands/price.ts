import { fetchPrices } from '../../cli/prices/fetch.ts'
import { printHistory } from '../../cli/prices/history.ts'
import type { Output } from '../../cli/terminal/output.ts'
import type { Actions } from '../../cli/program.ts'
import { watchPrices } from '../../cli/prices/watch.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { createReadHistory } from '../../postgres/prices/history.ts'
import { createStoreReply } from '../../postgres/ingest/store-reply.ts'
import { createFindStoredSymbols } from '../../postgres/prices/symbols.ts'
import { createIngest } from '../../core/ingest/ingest.ts'
import { createProviders, type AppContext } from '../context.ts'
import { EXIT_FAILED } from './context.ts'
import { joinPriceFeed } from './price-feed.ts'
import { findService } from './running-service.ts'
import { openTables } from './open-tables.ts'
import { untilStopped } from '../stop-signal.ts'
import type { Needs } from './context.ts'

/** The commands that fetch and show prices. */
export function createPriceActions({ output, readSetting }: Needs): Pick<Actions, 'fetch' | 'history' | 'watch'> {
  return {
    fetch: async (options) => {
      const context = readSetting()
      const sources = createProviders(context)
      const provider = sources.get(options.provider ?? context.config.DEFAULT_PROVIDER).name
      await using tables = await openTables(context)
      const record = createStoreReply(tables.pool)
      // Nobody in this process waits for prices; the service finds them in the log.
      const ingest = createIngest({ providerOf: sources.get, record, notify: () => {}, observe: () => {}, clock })
      return (await fetchPrices({ ingest, output }, { ...options, provider })) ? 0 : EXIT_FAILED
    },

    history: async (options) => {
      const context = readSetting()
      const provider = createProviders(context).get(options.provider ?? context.config.DEFAULT_PROVIDER).name
      await using tables = await openTables(context)
      const reads = { readHistory: createReadHistory(tables.pool), findStored: createFindStoredSymbols(tables.pool) }
      await printHistory({ ...reads, output }, { ...options, provider })
      return 0
    },

    watch: async (options) => {
      const context = readSetting()
      const sources = createProviders(context)
      const provider = options.provider && sources.get(options.provider).name
      const providers = provider === undefined ? sources.list().map(({ name }) => name) : [provider]
      const stopping = new AbortController()
      void untilStopped().then(() => stopping.abort())
      const signal = AbortSignal.any([stopping.signal, output.closed])
      if (context.config.DATABASE_URL !== undefined) await sayWhereNobodyAnswers(context, output)
      const join = () => joinPriceFeed(context, providers)
      await watchPrices({ join, output, clock, signal }, { ...options, provider })
      return 0
    },
  }
}

/** On a server's database we see nobody work, so we ask where the service would be. */
async function sayWhereNobodyAnswers({ config }: AppContext, output: Output): Promise<void> {
  const { url, who } = await findService(config)
  if (who !== 'service')
    output.say(`No service answers at ${url}: prices arrive only while one works on this database.`)
}
