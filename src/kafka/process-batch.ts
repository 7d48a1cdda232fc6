import type { PriceReference, FindPrices } from '../core/events/price-reference.ts'
import type { StoreDeadLetters, DeadLetter } from '../core/events/dead-letter.ts'
import type { Affected } from '../core/log/log.ts'
import type { PriceRecord } from './client/record-buffer.ts'
import { readMessage, type Fault } from './message.ts'

export type ProcessNeeds = {
  readonly resolve: FindPrices
  /** Resolves once everything that these prices have a part in is committed. */
  readonly handle: (affected: readonly Affected[]) => Promise<unknown>
  readonly store: StoreDeadLetters
  /** Whether the database refused a value of a message, so that trying again gives the same. */
  readonly isDataError: (error: unknown) => error is Error
}

/** Where a batch came from. */
export type Origin = { readonly topicId: string; readonly consumerGroup: string }

export type BatchResult = { readonly prices: number; readonly deadLetters: number; readonly expired: number }

/** What the prices that a message names touch, or why it names none. */
export type ResolvedMessage =
  | { readonly affected: readonly Affected[]; readonly isExpired: boolean }
  | { readonly fault: Fault }

/**
 * Does what a batch of messages asks for. Done twice it changes nothing more. Whatever it throws is the fault of the
 * surroundings, never of a message: bad ones are buried, and one that only the database finds bad is looked for by halves.
 */
export async function processBatch(
  needs: ProcessNeeds,
  origin: Origin,
  records: readonly PriceRecord[],
): Promise<BatchResult> {
  try {
    return await processTogether(needs, origin, records)
  } catch (error) {
    if (!needs.isDataError(error)) throw error
    const [record, ...others] = records
    if (record !== undefined && others.length === 0) return await storeAlone(needs, origin, { record, error })
    const half = Math.ceil(records.length / 2)
    const first = await processBatch(needs, origin, records.slice(0, half))
    const second = await processBatch(needs, origin, records.slice(half))
    return {
      prices: first.prices + second.prices,
      deadLetters: first.deadLetters + second.deadLetters,
      expired: first.expired + second.expired,
    }
  }
}

type Refused = { readonly record: PriceRecord; readonly error: Error }

async function storeAlone({ store }: ProcessNeeds, origin: Origin, { record, error }: Refused): Promise<BatchResult> {
  await store([letterOf(record, origin, { reason: 'wrong_fields', detail: `PostgreSQL: ${error.message}` })])
  return { prices: 0, deadLetters: 1, expired: 0 }
}

async function processTogether(
  needs: ProcessNeeds,
  origin: Origin,
  records: readonly PriceRecord[],
): Promise<BatchResult> {
  const decisions = await resolveMessages(
    needs.resolve,
    records.map((record) => ({ value: record.value, headers: record.headerEntries })),
  )
  const letters = decisions.flatMap((decision, at) =>
    'fault' in decision ? [letterOf(records[at] as PriceRecord, origin, decision.fault)] : [],
  )
  const known = decisions.filter((decision) => 'affected' in decision)
  if (letters.length > 0) await needs.store(letters)
  await needs.handle(known.flatMap(({ affected }) => affected))
  const expired = known.filter(({ isExpired }) => isExpired).length
  return { prices: known.length - expired, deadLetters: letters.length, expired }
}

/** Reads messages and finds their prices, all of them in one question to the database. */
export async function resolveMessages(
  resolve: FindPrices,
  messages: readonly Parameters<typeof readMessage>[0][],
): Promise<readonly ResolvedMessage[]> {
  const readings = messages.map(readMessage)
  const references = readings.flatMap((reading) => ('reference' in reading ? [reading.reference] : []))
  const resolutions = references.length > 0 ? await resolve(references) : []
  let next = 0
  return readings.map((reading) => {
    if ('fault' in reading) return reading
    const resolution = resolutions[next++]
    if (resolution?.outcome === 'found') return { affected: resolution.affected, isExpired: false }
    if (resolution?.outcome === 'expired') return { affected: [], isExpired: true }
    return { fault: unknown(reading.reference, resolution?.outcome ?? 'unknown_price') }
  })
}

function unknown({ symbol, provider, eventTime, price }: PriceReference, reason: Fault['reason']): Fault {
  const detail =
    reason === 'unknown_series'
      ? `No price of ${symbol} by ${provider} was ever stored.`
      : `No price ${price} of ${symbol} by ${provider} at ${eventTime} with that raw_response_id is stored.`
  return { reason, detail }
}

function letterOf(record: PriceRecord, origin: Origin, fault: Fault): DeadLetter {
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
