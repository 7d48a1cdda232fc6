import { ServiceError } from '../../errors.ts'
import { microsOf, type Instant } from '../../lib/instant.ts'

/** How often a provider has left out a symbol in a row, although it had prices before. */
export type Absence = { readonly symbol: string; readonly absences: number; readonly firstAt: Instant }

const ABSENCES_TO_BE_UNKNOWN = 3
const MICROS_TO_BE_UNKNOWN = 24n * 3_600_000_000n

/**
 * The error of a symbol that a reply leaves out although it had prices before: at first a fault of the provider, after three
 * absences over at least a day an unknown symbol.
 */
export function absenceError(error: ServiceError, { absences, firstAt }: Absence, receivedAt: Instant): ServiceError {
  const since = microsOf(receivedAt) - microsOf(firstAt)
  if (absences >= ABSENCES_TO_BE_UNKNOWN && since >= MICROS_TO_BE_UNKNOWN) return error
  const { provider, symbol } = error.details
  const message = `${provider} left ${symbol} out of its reply, although it had a price of it before.`
  return new ServiceError('provider_bad_data', message, { ...error.details, retryable: true, cause: error })
}
