import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../lib/clock.ts'

/** Logs a security event that any caller can cause at any rate. */
export type LogSecurityEvent = (request: FastifyRequest, event: Event, message: string) => void

type Event = { readonly security: string; readonly [name: string]: string | undefined }

const LOG_EVERY_MS = 1_000
const MAX_LENGTH = 100

/** At most one line per second, with the number of events left out since, so that no caller can flood the log. */
export function createSecurityLog(clock: Clock, level: 'info' | 'warn'): LogSecurityEvent {
  let loggedAt = -Infinity
  let leftOut = 0
  return ({ log }, event, message) => {
    const now = clock.monotonic()
    if (Math.abs(now - loggedAt) < LOG_EVERY_MS) {
      leftOut += 1
      return
    }
    const short = Object.entries(event).map(([name, text]) => [name, text?.slice(0, MAX_LENGTH)])
    log[level]({ ...Object.fromEntries(short), ...(leftOut > 0 && { leftOut }) }, message)
    loggedAt = now
    leftOut = 0
  }
}
