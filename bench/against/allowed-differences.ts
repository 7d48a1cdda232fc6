import type { Difference } from './differences.ts'

type Allowed = {
  /** `METHOD /path?query`. */
  readonly request: RegExp
  /** `status`, `body`, or `header` with its name. */
  readonly what: RegExp
  /** Of the response now; any if undefined. */
  readonly status?: number
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
  {
    request: /^/,
    what: /^(?:body|header vary)$/,
    status: 422,
    reason:
      'all mistakes are reported at once, each with its own pointer; a longer body may be compressed, which Vary says',
  },
  {
    request: /^/,
    what: /^status$/,
    status: 422,
    answers: /unknown_provider.*\n.*invalid_request|^200 .*\n.*from is after to/s,
    reason: 'a query is validated as a whole before its provider is looked up, and from after to is a mistake',
  },
  {
    request: /^(?:GET|HEAD) \/(?:\?|$)/,
    what: /^header vary$/,
    answers: /^accept-encoding, accept-encoding\naccept-encoding$/,
    reason: 'Vary names a header once',
  },
  {
    request: /^(?:GET|HEAD) \/moving-averages\?/,
    what: /^header vary$/,
    answers: /accept/,
    reason: 'averages have CSV as well, by Accept',
  },
  {
    request: /^GET \/prices\/latest\?/,
    what: /^body$/,
    answers: /No price of \S+ in that currency\..*\n.*No price of \S+ in \w+ from /,
    reason: 'an error names the provider and the currency, and its entry in a list the others that have prices',
  },
  {
    request: /^GET \/moving-averages\/latest/,
    what: /^(?:body|status)$/,
    answers: /not_enough_prices/,
    reason: 'the newest average is that of the currency of the latest price',
  },
]

/** Why a difference is on purpose; undefined if it is not. */
export function allowedBecause({ request, status, what, before, now }: Difference): string | undefined {
  const text = `${request.method} ${request.path}`
  const answers = `${before}\n${now}`
  return ALLOWED.find(
    (one) =>
      one.request.test(text) &&
      one.what.test(what) &&
      (one.status === undefined || one.status === status) &&
      (one.answers === undefined || one.answers.test(answers)),
  )?.reason
}
