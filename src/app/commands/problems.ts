import { ServiceError } from '../../errors.ts'
import { driverErrorOf } from '../../postgres/connection/errors.ts'
import { ConfigError } from '../config.ts'

/** The text of an error for the user of a command, one line for each problem. */
export function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems
  const message = messageOf(error)
  const reason = isFromPool(error) ? messageOf(driverErrorOf(error)) : undefined
  return [reason === undefined ? message : `${message.replace(/\.$/, '')} (${reason}).`]
}

/** A pool hides what the driver reported, because HTTP must not show it; the user of a command needs it. */
function isFromPool(error: unknown): boolean {
  if (!(error instanceof ServiceError) || error.code !== 'storage_unavailable') return false
  return error.cause instanceof Error && !(error.cause instanceof ServiceError)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
