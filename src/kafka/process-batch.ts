import type { Announcement, ResolveAnnouncements } from '../core/events/price-reference.ts'
import type { BuryDeadLetters, DeadLetter } from '../core/events/dead-letter.ts'
import type { Touched } from '../core/log/log.ts'
import type { PriceRecord } from './client/record-buffer.ts'
import { readMessage, type Fault } from './message.ts'

export type SettleNeeds = {
  readonly resolve: ResolveAnnouncements
  /** Resolves once everything that these prices have a part in is committed. */
  readonly handle: (touched: readonly Touched[]) => Promise<unknown>
  readonly bury: BuryDeadLetters
}

/** Where a batch came from. */
export type Origin = { readonly topicId: string; readonly consumerGroup: string }

export type Settled = { readonly prices: number; readonly deadLetters: number; readonly expired: number }

/** What the prices that a message names touch, or why it names none. */
export type Verdict = { readonly touched: readonly Touched[]; readonly isExpired: boolean } | { readonly fault: Fault }

/**
 * Does what a batch of messages asks for. Done twice it changes nothing more. Whatever it throws is the fault of the
 * surroundings, never of a message: bad ones are buried, and one that only the database finds bad is looked for by halves.
 */
export async function settle(needs: SettleNeeds, origin: Origin, records: readonly PriceRecord[]): Promise<Settled> {
  try {
    return await settleTogether(needs, origin, records)
  } catch (error) {
    if (!isOfData(error)) throw error
    const [record, ...others] = records
    if (record !== undefined && others.length === 0) return await buryAlone(needs, origin, { record, error })
    const half = Math.ceil(records.length / 2)
    const first = await settle(needs, origin, records.slice(0, half))
    const second = await settle(needs, origin, records.slice(half))
    return {
      prices: first.prices + second.prices,
      deadLetters: first.deadLetters + second.deadLetters,
      expired: first.expired + second.expired,
    }
  }
}

/** Class 22 of SQLSTATE, "data exception": trying again gives the same. */
function isOfData(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && /^22\w{3}$/.test(String(error.code))
}

type Refused = { readonly record: PriceRecord; readonly error: Error }

async function buryAlone({ bury }: SettleNeeds, origin: Origin, { record, error }: Refused): Promise<Settled> {
  await bury([letterOf(record, origin, { reason: 'wrong_fields', detail: `PostgreSQL: ${error.message}` })])
  return { prices: 0, deadLetters: 1, expired: 0 }
}

async function settleTogether(needs: SettleNeeds, origin: Origin, records: readonly PriceRecord[]): Promise<Settled> {
  const verdicts = await judge(
    needs.resolve,
    records.map((record) => ({ value: record.value, headers: record.headerEntries })),
  )
  const letters = verdicts.flatMap((verdict, at) =>
    'fault' in verdict ? [letterOf(records[at] as PriceRecord, origin, verdict.fault)] : [],
  )
  const known = verdicts.filter((verdict) => 'touched' in verdict)
  if (letters.length > 0) await needs.bury(letters)
  await needs.handle(known.flatMap(({ touched }) => touched))
  const expired = known.filter(({ isExpired }) => isExpired).length
  return { prices: known.length - expired, deadLetters: letters.length, expired }
}

/** Reads messages and finds their prices, all of them in one question to the database. */
export async function judge(
  resolve: ResolveAnnouncements,
  messages: readonly Parameters<typeof readMessage>[0][],
): Promise<readonly Verdict[]> {
  const readings = messages.map(readMessage)
  const announcements = readings.flatMap((reading) => ('announcement' in reading ? [reading.announcement] : []))
  const resolutions = announcements.length > 0 ? await resolve(announcements) : []
  let next = 0
  return readings.map((reading) => {
    if ('fault' in reading) return reading
    const resolution = resolutions[next++]
    if (resolution?.outcome === 'found') return { touched: resolution.touched, isExpired: false }
    if (resolution?.outcome === 'expired') return { touched: [], isExpired: true }
    return { fault: unknown(reading.announcement, resolution?.outcome ?? 'unknown_price') }
  })
}

function unknown({ symbol, provider, eventTime, price }: Announcement, reason: Fault['reason']): Fault {
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
