import { Type, type Static } from 'typebox'
import type { ErrorCode, ServiceError } from '../../errors.ts'
import { withoutSecrets } from '../../core/access/secret.ts'

/** Of an answer without prices: where there are some. */
export const Others = Type.Array(Type.String(), {
  description: 'Other providers that have prices of this symbol: name one as `provider`.',
  examples: [['simulated']],
})

/** The body of every error (RFC 9457). Clients switch on `code`; `detail` is for people. */
export const Problem = Type.Object(
  {
    type: Type.String({ examples: ['urn:market-data:problem:symbol_not_found'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ description: 'Stable; one of a closed list.' }),
    request_id: Type.String({ description: 'The same as in the header `x-request-id` and in the log.' }),
    retryable: Type.Boolean({ description: 'The same request may succeed later.' }),
    provider: Type.Optional(Type.String()),
    symbol: Type.Optional(Type.String()),
    retry_after: Type.Optional(Type.Integer({ description: 'Seconds; the same as in the header `Retry-After`.' })),
    raw_response_id: Type.Optional(
      Type.String({ description: 'The response that was rejected: /raw-responses/{id}.' }),
    ),
    others: Type.Optional(Others),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({
            description:
              'JSON pointer into the body, or into the query as an object; `/symbols/2` is the third of a list.',
          }),
          detail: Type.String(),
        }),
      ),
    ),
  },
  { title: 'Problem', description: 'What went wrong (RFC 9457).' },
)

export type Problem = Static<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json'

/** Used if the error does not state a time: a database restarts, a queue empties. */
const DEFAULT_RETRY_AFTER_SECONDS = 2

/** Status and title of each code; the only place that knows both. */
const PROBLEMS = {
  malformed_request: [400, 'Malformed request'],
  unauthenticated: [401, 'Missing or invalid API key'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'Not found'],
  unknown_provider: [404, 'Unknown provider'],
  not_enough_prices: [404, 'Not enough prices yet'],
  symbol_not_found: [404, 'Unknown symbol'],
  symbol_delisted: [404, 'Symbol no longer traded'],
  no_price: [404, 'No price'],
  method_not_allowed: [405, 'Method not allowed'],
  conflict: [409, 'Conflict'],
  payload_too_large: [413, 'Payload too large'],
  unsupported_media_type: [415, 'Unsupported media type'],
  invalid_request: [422, 'Invalid request'],
  rate_limited: [429, 'Too many requests'],
  internal: [500, 'Internal error'],
  provider_unavailable: [502, 'Provider unavailable'],
  provider_bad_data: [502, 'Provider sent bad data'],
  provider_rate_limited: [503, 'Provider rate limit reached'],
  storage_unavailable: [503, 'Storage unavailable'],
  overloaded: [503, 'Overloaded'],
  provider_timeout: [504, 'Provider timed out'],
} as const satisfies Record<ErrorCode, readonly [number, string]>

/** The HTTP status of an error. */
export function statusOf(code: ErrorCode): number {
  return PROBLEMS[code][0]
}

export function titleOf(code: ErrorCode): string {
  return PROBLEMS[code][1]
}

/** The body of an error, for every caller: it contains no secrets. */
export function problemOf(error: ServiceError, requestId: string): Problem {
  const { provider, symbol, rawResponseId, others, errors } = error.details
  const retryAfter = retryAfterOf(error)
  const [status, title] = PROBLEMS[error.code]
  return {
    type: `urn:market-data:problem:${error.code}`,
    title,
    status,
    detail: withoutSecrets(error.message),
    code: error.code,
    request_id: requestId,
    retryable: error.retryable,
    ...(provider !== undefined && { provider }),
    ...(symbol !== undefined && { symbol }),
    ...(retryAfter !== undefined && { retry_after: retryAfter }),
    ...(rawResponseId !== undefined && { raw_response_id: rawResponseId }),
    ...(others && others.length > 0 && { others: [...others] }),
    ...(errors && { errors: errors.map(withoutSecretsIn) }),
  }
}

/** A pointer contains names that the caller chose. */
function withoutSecretsIn({ pointer, detail }: { readonly pointer: string; readonly detail: string }) {
  return { pointer: withoutSecrets(pointer), detail: withoutSecrets(detail) }
}

function retryAfterOf({ code, details }: ServiceError): number | undefined {
  const given = details.retryAfterSeconds
  if (given !== undefined) return Math.max(1, Math.ceil(given))
  return PROBLEMS[code][0] === 503 || code === 'rate_limited' ? DEFAULT_RETRY_AFTER_SECONDS : undefined
}

/** The same for commands, which have neither a status nor a request. */
export function errorBody({ code, message, retryable }: ServiceError): object {
  return { code, detail: message, retryable }
}
