import { isIPv6 } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'

export type RateLimit = {
  /**
   * Counts a request of a caller, and reports in the response how much is left (`RateLimit`, `RateLimit-Policy`).
   * @throws ServiceError `rate_limited` beyond the quota
   */
  count(caller: string, request: FastifyRequest, reply: FastifyReply): void
  /** Whether `count` would throw. */
  isUsedUp(caller: string): boolean
}

type Options = {
  /** Name of the policy, shown in the response. */
  readonly name: string
  /** Requests per minute; 0 sets no limit. */
  readonly quota: number
  readonly clock: Clock
}

type Window = { used: number; endsAt: number }

const WINDOW_SECONDS = 60
/** Beyond it the caller whose window began first is forgotten, so that many addresses cost bounded memory. */
const MAX_WINDOWS = 20_000

/** A quota per caller in windows of one minute, which begin with the first request. Each process counts separately. */
export function createRateLimit({ name, quota, clock }: Options): RateLimit {
  const windows = new Map<string, Window>()
  const policy = `"${name}";q=${quota};w=${WINDOW_SECONDS}`

  function forgetOldest(): void {
    const oldest = windows.keys().next()
    if (!oldest.done) windows.delete(oldest.value)
  }

  function windowOf(caller: string, now: number): Window {
    const old = windows.get(caller)
    if (old && old.endsAt > now) return old
    const window = { used: 0, endsAt: now + WINDOW_SECONDS * 1_000 }
    // Deleted first, so that the oldest windows come first.
    windows.delete(caller)
    windows.set(caller, window)
    if (windows.size > MAX_WINDOWS) forgetOldest()
    return window
  }

  return {
    count: (caller, request, reply) => {
      if (quota === 0) return
      const now = clock.monotonic()
      const window = windowOf(caller, now)
      window.used += 1
      const left = Math.max(0, quota - window.used)
      const seconds = Math.ceil((window.endsAt - now) / 1_000)
      reply.header('ratelimit-policy', policy)
      reply.header('ratelimit', `"${name}";r=${left};t=${seconds}`)
      if (window.used <= quota) return
      // Once per window, so that a flood of requests does not flood the log.
      if (window.used === quota + 1)
        request.log.warn({ security: 'rate_limited', policy: name, whose: caller }, 'rate limit exceeded')
      const message = `More than ${quota} requests in a minute (${name}).`
      throw new ServiceError('rate_limited', message, { retryAfterSeconds: seconds })
    },
    isUsedUp: (caller) => {
      const { used, endsAt } = windows.get(caller) ?? { used: 0, endsAt: 0 }
      return quota > 0 && used >= quota && endsAt > clock.monotonic()
    },
  }
}

const MAPPED = /^::ffff:(?=\d+\.)/i

/** The network of an address, which stands for the caller: a caller with one IPv6 address has 2^64 of them. */
export function networkOf(address: string): string {
  const plain = address.replace(MAPPED, '')
  if (!isIPv6(plain)) return plain
  const shortened = new URL(`http://[${plain.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [head = [], tail] = shortened.split('::').map((part) => part.split(':').filter(Boolean))
  const zeros = tail ? Array<string>(8 - head.length - tail.length).fill('0') : []
  return [...head, ...zeros, ...(tail ?? [])].slice(0, 4).join(':')
}

/** Whether it is a loopback address. */
export function isThisMachine(address: string): boolean {
  return address === '::1' || address.replace(MAPPED, '').startsWith('127.')
}
