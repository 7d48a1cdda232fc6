/** The code of every error. The list is closed: clients may switch on it. */
export type ErrorCode =
  | 'malformed_request'
  | 'invalid_request'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'forbidden'
  | 'unauthenticated'
  | 'not_found'
  | 'unknown_provider'
  | 'not_enough_prices'
  | 'method_not_allowed'
  | 'symbol_not_found'
  | 'symbol_delisted'
  | 'no_price'
  | 'conflict'
  | 'rate_limited'
  | 'provider_rate_limited'
  | 'provider_unavailable'
  | 'provider_timeout'
  | 'provider_bad_data'
  | 'storage_unavailable'
  | 'overloaded'
  | 'internal'

/** What helps the reader of an error; every member is optional and safe to show to anybody. */
export type ErrorDetails = {
  readonly provider?: string
  readonly symbol?: string
  /** Whole seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number
  /** The stored reply of the provider that was refused. */
  readonly rawResponseId?: string
  /** Other providers that have prices of the symbol. */
  readonly others?: readonly string[]
  /** Only where it differs from what the code says. */
  readonly retryable?: boolean
  /** The request was held back in this process (circuit open, pause after 429): the provider did not receive it. */
  readonly wasHeldBack?: boolean
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'rate_limited',
  'provider_rate_limited',
  'provider_unavailable',
  'provider_timeout',
  'storage_unavailable',
  'overloaded',
])

/** An error with a code of the closed list. The message is public: no secret, no SQL, no path goes into it. */
export class ServiceError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: ErrorDetails & { readonly cause?: unknown } = {}) {
    const { cause, ...details } = options
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ServiceError'
    this.code = code
    this.details = details
  }

  /** Whether the same request may succeed later without a change. */
  get retryable(): boolean {
    return this.details.retryable ?? RETRYABLE.has(this.code)
  }
}

/** The same error with more details: edges know what the inside did not. */
export function withDetails(error: ServiceError, details: ErrorDetails): ServiceError {
  return new ServiceError(error.code, error.message, { ...error.details, ...details, cause: error.cause ?? error })
}
