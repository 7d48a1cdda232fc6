import type { PriceReference, FindPrices } from '../core/events/price-reference.ts'
import type { StoreDeadLetters, DeadLetter } from '../core/events/dead-letter.ts'
import type { Affected } from '../core/log/entry.ts'
import type { PriceRecord } from './client/record-buffer.ts'
import { readMessage, type Fault, type IncomingMessage } from './message.ts'

export type ProcessNeeds = {
  readonly findPrices: FindPrices
  /** Resolves once every average that contains these prices is committed. */
  readonly recompute: (affected: readonly Affected[]) => Promise<unknown>
  readonly store: StoreDeadLetters
  /** Whether the database refused the data itself, so that retrying gives the same error. */
  readonly isDataError: (error: unknown) => error is Error
}

/** Where a batch came from. */
export type Origin = { readonly topicId: string; readonly consumerGroup: string }

/** What the prices that a message names affect, or what is wrong with the message. */
export type ResolvedMessage = { readonly affected: readonly Affected[] } | { readonly fault: Fault }

/**
 * Recomputes what a batch of messages affects. Processing it twice changes nothing more. Bad messages become dead letters;
 * a message that only the database finds bad is isolated by halving the batch.
 * @throws for outages, never for a bad message
 */
export async function processBatch(
  needs: ProcessNeeds,
  origin: Origin,
  records: readonly PriceRecord[],
): Promise<void> {
  try {
    await processTogether(needs, origin, records)
  } catch (error) {
    if (!needs.isDataError(error)) throw error
    const [record, ...others] = records
    if (record !== undefined && others.length === 0) {
      const fault: Fault = { reason: 'wrong_fields', detail: `PostgreSQL: ${error.message}` }
      return needs.store([deadLetterOf(record, origin, fault)])
    }
    const half = Math.ceil(records.length / 2)
    await processBatch(needs, origin, records.slice(0, half))
    await processBatch(needs, origin, records.slice(half))
  }
}

async function processTogether(
  { findPrices, recompute, store }: ProcessNeeds,
  origin: Origin,
  records: readonly PriceRecord[],
): Promise<void> {
  const messages = records.map(({ value, headerEntries }) => ({ value, headers: headerEntries }))
  const resolved = await resolveMessages(findPrices, messages)
  const deadLetters = records.flatMap((record, at) => {
    const result = resolved[at]
    return result && 'fault' in result ? [deadLetterOf(record, origin, result.fault)] : []
  })
  if (deadLetters.length > 0) await store(deadLetters)
  await recompute(resolved.flatMap((result) => ('affected' in result ? result.affected : [])))
}

/** Reads messages and finds their prices in one query. Prices that may have been trimmed by retention affect nothing. */
export async function resolveMessages(
  findPrices: FindPrices,
  messages: readonly IncomingMessage[],
): Promise<readonly ResolvedMessage[]> {
  const readings = messages.map(readMessage)
  const references = readings.flatMap((reading) => ('reference' in reading ? [reading.reference] : []))
  const resolutions = references.length > 0 ? await findPrices(references) : []
  const byReference = new Map(references.map((reference, at) => [reference, resolutions[at]]))
  return readings.map((reading) => {
    if ('fault' in reading) return reading
    const resolution = byReference.get(reading.reference)
    if (resolution?.outcome === 'found') return { affected: resolution.affected }
    if (resolution?.outcome === 'expired') return { affected: [] }
    return { fault: notFound(reading.reference, resolution?.outcome ?? 'unknown_price') }
  })
}

function notFound({ symbol, provider, eventTime, price }: PriceReference, reason: Fault['reason']): Fault {
  const detail =
    reason === 'unknown_series'
      ? `No price of ${symbol} by ${provider} was ever stored.`
      : `No price ${price} of ${symbol} by ${provider} at ${eventTime} with that raw_response_id is stored.`
  return { reason, detail }
}

function deadLetterOf(record: PriceRecord, origin: Origin, fault: Fault): DeadLetter {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    key: record.key ?? null,
    value: record.value ?? null,
    headers: record.headerEntries.map(([name, value]) => [name?.toString() ?? '', value ?? null]),
    ...origin,
    ...fault,
  }
}
