import { ServiceError, type ErrorCode } from '../src/errors.ts'
import { problemOf, statusOf } from '../src/formats/problem.ts'

/** What each code means, and what helps. */
const MEANINGS = {
  malformed_request: 'Not HTTP, or a body that is not JSON. The request was not looked at.',
  unauthenticated: 'The key is missing, wrong or revoked.',
  forbidden:
    'The name in `Host` is not ours (`ALLOWED_HOSTS`), or a page of another site tried to write, or the key may not do this.',
  not_found: 'There is no such path, job, price or reply.',
  unknown_provider: 'No provider has this name; `/providers` lists them.',
  not_enough_prices: 'An average over n prices needs n prices; there are fewer so far.',
  symbol_not_found: 'The provider does not know the symbol.',
  symbol_delisted: 'The provider knows the symbol and says that it is no longer traded.',
  no_price: 'The provider knows the symbol and states no price of it.',
  method_not_allowed: 'The path exists, the method does not; the header `Allow` lists those that do.',
  conflict: 'It contradicts what is stored.',
  payload_too_large: 'The body is larger than 64 KiB.',
  unsupported_media_type: 'The body is not `application/json` by its `Content-Type`.',
  invalid_request: 'A field is missing, unknown or out of its bounds; `errors` points at each.',
  rate_limited: 'Too many requests to this service. Wait for `retry_after` seconds.',
  internal: 'Our own fault. The log has the whole story under the same `request_id`.',
  provider_unavailable: 'The provider does not answer, or answers with an error.',
  provider_bad_data:
    'The provider answered with something that is no price: the wrong type, out of bounds, another symbol. The reply is kept (`raw_response_id`).',
  provider_rate_limited: 'The provider wants us to wait. It is asked again after `retry_after` seconds.',
  storage_unavailable: 'The database does not answer. The embedded one is started again by itself.',
  overloaded: 'So many streams or requests are open that another would harm them, or the service is stopping.',
  provider_timeout: 'The provider did not answer in time.',
} satisfies Record<ErrorCode, string>

const HEAD = `# Errors

Made from \`src/errors.ts\` and \`src/formats/problem.ts\` by \`npm run docs\`; a test fails when it is out of date.

Every error is \`application/problem+json\` (RFC 9457). Switch on \`code\`: the list is closed, and a code keeps its meaning.
\`detail\` is for people and may be worded anew. \`retryable\` says whether the same request may succeed later; where it is known
when, \`retry_after\` (seconds) and the header \`Retry-After\` say so. Where a provider failed and a price was known before,
\`/prices/latest\` adds it as \`last_known\`.

| status | code | retryable | meaning |
|---|---|---|---|
`

const EXAMPLE = `
An example:

\`\`\`json
${JSON.stringify(
  problemOf(
    new ServiceError('provider_rate_limited', 'yfinance wants us to wait.', {
      provider: 'yfinance',
      symbol: 'AAPL',
      retryAfterSeconds: 30,
    }),
    '7d0f2c1e-5b1d-4b8e-9c53-1f0a6f3f6f0e',
  ),
  undefined,
  2,
)}
\`\`\`
`

/** The reference page of all errors in Markdown. */
export function errorsPage(): string {
  const errors = Object.entries(MEANINGS).map(([code, meaning]) => new ServiceError(code as ErrorCode, meaning))
  const rows = errors
    .toSorted((a, b) => statusOf(a.code) - statusOf(b.code))
    .map(({ code, retryable, message }) => {
      return `| ${statusOf(code)} | \`${code}\` | ${retryable ? 'yes' : 'no'} | ${message} |\n`
    })
  return HEAD + rows.join('') + EXAMPLE
}
