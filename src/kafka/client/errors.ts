import { ServiceError } from '../../errors.ts'

/** Whatever the client or Node throws; the causes of an error lie in it, and so do those of several tries. */
type Failure = {
  readonly message?: string
  readonly code?: string
  readonly apiId?: string
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** By the broker's answer, or by the code of Node's error. */
const KNOWN: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED:
    'the broker refuses the name or the password: check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD',
  UNSUPPORTED_SASL_MECHANISM: 'the broker does not take this way to sign in: check KAFKA_SASL_MECHANISM',
  ERR_TLS_CERT_ALTNAME_INVALID: "the broker's certificate is for another host: check KAFKA_BROKERS",
}
const CERTIFICATE = /CERT|UNABLE_TO_VERIFY/

/**
 * Why Kafka failed, in one line: the client wraps what happened into up to five errors, each of every try, and only the
 * innermost says it. What a setting can mend names that setting.
 */
export function kafkaReason(error: unknown): string {
  if (error instanceof ServiceError) return error.message
  const { message = '', code = '', apiId = code } = innermost(error)
  const known = KNOWN[apiId]
  if (known !== undefined) return known
  if (CERTIFICATE.test(code)) return `the broker's certificate is not trusted (${message}): check KAFKA_TLS_CA`
  // A broker says no more to somebody who does not speak as it wants, and also when it stops.
  if (message === 'Connection closed') return 'the broker hung up: if it runs, check KAFKA_TLS and KAFKA_SASL_MECHANISM'
  return message || code
}

/** Of several tries the last one counts. */
function innermost(error: unknown): Failure {
  const failure = (error ?? {}) as Failure
  const inner = failure.errors?.at(-1) ?? failure.cause
  return inner === undefined ? failure : innermost(inner)
}
