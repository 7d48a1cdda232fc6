import { dropDeadLetter, listDeadLetters, showDeadLetter } from '../../cli/events/dead-letters.ts'
import type { Actions } from '../../cli/program.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { requireKafka } from '../kafka.ts'
import { retryDeadLetter } from '../../kafka/dead-letters.ts'
import { kafkaReason } from '../../kafka/client/errors.ts'
import { republish } from '../../kafka/relay.ts'
import { createFindPrices } from '../../postgres/events/price-references.ts'
import { createRecompute } from '../../postgres/averages/recompute.ts'
import { createDeadLetterAdmin } from '../../postgres/events/dead-letters.ts'
import { createReadLog, logEnd, positionBefore } from '../../postgres/log/log.ts'
import { retentionOf } from '../workers/worker.ts'
import { countOf } from '../../cli/terminal/progress.ts'
import { EXIT_FAILED } from '../../cli/terminal/output.ts'
import type { AppContext, CommandContext } from '../context.ts'
import { openTables, type Tables } from './open-tables.ts'
import { stopSignal } from '../stop-signal.ts'

/** The commands that publish prices again and handle dead letters. */
export function createKafkaActions({
  output,
  readContext,
}: CommandContext): Pick<Actions, 'republish' | 'listDeadLetters' | 'actOnDeadLetter'> {
  return {
    republish: async ({ since, json }) => {
      const context = readContext()
      const kafka = requireKafka(context.config)
      await using tables = await openTables(context)
      const onError = (error: unknown) => output.report(`Kafka unavailable, retrying: ${kafkaReason(error)}`)
      const { createPublisher } = await import('../../kafka/client/publisher.ts')
      await using publisher = createPublisher({ ...kafka, clock, onError })
      const between = { after: await positionBefore(tables.pool, since), end: await logEnd(tables.pool) }
      const count = await republish({ readLog: createReadLog(tables.pool), publisher }, between, stopSignal())
      await output.write(json ? jsonLine({ announced: count }) : `Published ${countOf(count, 'price')} again.\n`)
      return 0
    },

    listDeadLetters: async (options) => {
      await using tables = await openTables(readContext())
      await listDeadLetters({ admin: createDeadLetterAdmin(tables.pool), output }, options)
      return 0
    },

    actOnDeadLetter: async (action, id, options) => {
      const context = readContext()
      await using tables = await openTables(context)
      const needs = { admin: createDeadLetterAdmin(tables.pool), output }
      if (action === 'retry') return await retry({ ...needs, context, tables }, id, options)
      await (action === 'show' ? showDeadLetter : dropDeadLetter)(needs, id, options)
      return 0
    },
  }
}

type RetryNeeds = Pick<CommandContext, 'output'> & {
  readonly admin: ReturnType<typeof createDeadLetterAdmin>
  readonly context: AppContext
  readonly tables: Tables
}

async function retry(
  { admin, output, context, tables }: RetryNeeds,
  id: string,
  { json }: { json?: boolean | undefined },
) {
  const { config } = context
  const findPrices = createFindPrices(tables.pool, retentionOf(config))
  const recompute = createRecompute(tables.pool, config.MA_WINDOWS)
  const fault = await retryDeadLetter({ admin, findPrices, recompute }, id)
  const text = fault ? `still failing: ${fault.reason}, ${fault.detail}\n` : `resolved: ${id}\n`
  await output.write(json ? jsonLine({ id, fault: fault ?? null }) : text)
  return fault ? EXIT_FAILED : 0
}
