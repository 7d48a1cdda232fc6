import { isIPv6 } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'

export type RateLimit = {
  /**
   * Counts a request of somebody, and says in the answer how much is left (`RateLimit`, `RateLimit-Policy`).
   * @throws ServiceError `rate_limited` beyond the quota
   */
  count(whose: string, request: FastifyRequest, reply: FastifyReply): void
  /** Whether `count` would throw. */
  isUsedUp(whose: string): boolean
}

type Options = {
  /** Of the policy; people read it in the answer. */
  readonly name: string
  /** Requests a minute; 0 sets no limit. */
  readonly quota: number
  readonly clock: Clock
}

type Window = { used: number; endsAt: number }

const WINDOW_SECONDS = 60
/** The least recently seen are forgotten first: many addresses cost bounded memory. */
const MAX_WINDOWS = 20_000

/** A quota for each caller in windows of a minute, which begin with the first request. It is kept by each process for itself. */
export function createRateLimit({ name, quota, clock }: Options): RateLimit {
  const windows = new Map<string, Window>()

  function windowOf(whose: string, now: number): Window {
    const old = windows.get(whose)
    const window = old && old.endsAt > now ? old : { used: 0, endsAt: now + WINDOW_SECONDS * 1_000 }
    windows.delete(whose)
    windows.set(whose, window)
    if (windows.size > MAX_WINDOWS) windows.delete(windows.keys().next().value!)
    return window
  }

  return {
    count: (whose, request, reply) => {
      if (quota === 0) return
      const now = clock.now()
      const window = windowOf(whose, now)
      window.used += 1
      const left = Math.max(0, quota - window.used)
      const seconds = Math.ceil((window.endsAt - now) / 1_000)
      reply.header('ratelimit-policy', `"${name}";q=${quota};w=${WINDOW_SECONDS}`)
      reply.header('ratelimit', `"${name}";r=${left};t=${seconds}`)
      if (window.used <= quota) return
      // Once a window: a flood of requests is to be no flood of lines.
      if (window.used === quota + 1) request.log.warn({ security: 'rate_limited', policy: name, whose }, 'too many')
      const message = `More than ${quota} in a minute (${name}).`
      throw new ServiceError('rate_limited', message, { retryAfterSeconds: seconds })
    },
    isUsedUp: (whose) => {
      const { used, endsAt } = windows.get(whose) ?? { used: 0, endsAt: 0 }
      return quota > 0 && used >= quota && endsAt > clock.now()
    },
  }
}

const MAPPED = /^::ffff:(?=\d+\.)/i

/** Whom an address belongs to, as far as that can be told: whoever has one address of IPv6 has 2^64 of them. */
export function networkOf(address: string): string {
  const plain = address.replace(MAPPED, '')
  if (!isIPv6(plain)) return plain
  const shortened = new URL(`http://[${plain.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [head = [], tail] = shortened.split('::').map((part) => part.split(':').filter(Boolean))
  const zeros = tail ? Array<string>(8 - head.length - tail.length).fill('0') : []
  return [...head, ...zeros, ...(tail ?? [])].slice(0, 4).join(':')
}

export function isThisMachine(address: string): boolean {
  return address === '::1' || address.replace(MAPPED, '').startsWith('127.')
}
