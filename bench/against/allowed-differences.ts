import type { Difference } from './differences.ts'

type Allowed = {
  /** `METHOD /path?query`. */
  readonly request: RegExp
  /** `status`, `body`, or `header` with its name. */
  readonly what: RegExp
  /** Both answers, one after the other, as far as they are shown. */
  readonly answers?: RegExp
  readonly reason: string
}

/** Differences from 0.2.0 that are on purpose: what a user notices of them stands in UPGRADING.md too. */
const ALLOWED: readonly Allowed[] = [
  {
    request: /^GET \/prices\/poll(?:\?|$)/,
    what: /^(?:body|header link)$/,
    reason: 'jobs that are created while the clock stands still are listed in the order of their random ids',
  },
  { request: /^\w+ \/openapi\.json/, what: /^body$/, reason: 'the document describes the version' },
]

/** Why a difference is on purpose; undefined if it is not. */
export function allowedBecause({ request, what, before, now }: Difference): string | undefined {
  const text = `${request.method} ${request.path}`
  const answers = `${before}\n${now}`
  return ALLOWED.find(
    (one) => one.request.test(text) && one.what.test(what) && (one.answers === undefined || one.answers.test(answers)),
  )?.reason
}
