import { ServiceError } from '../../errors.ts'

// Without the client library, which a start without Kafka does not load.

/** What the client or Node throws; the original errors, one for each try, are nested inside. */
type Failure = {
  readonly message?: string
  readonly code?: string
  readonly apiId?: string
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** By the broker's error, or by the code of Node's. */
const KNOWN: Readonly<Record<string, string>> = {
  SASL_AUTHENTICATION_FAILED:
    'the broker rejects the user name or password: check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD',
  UNSUPPORTED_SASL_MECHANISM: 'the broker does not support this SASL mechanism: check KAFKA_SASL_MECHANISM',
  ERR_TLS_CERT_ALTNAME_INVALID: "the broker's certificate is for another host: check KAFKA_BROKERS",
}
const CERTIFICATE = /CERT|UNABLE_TO_VERIFY/

/**
 * Why Kafka failed, in one line. The client wraps the original error up to five levels deep, once for each try; only the
 * innermost explains it. If a setting can fix it, the line names that setting.
 */
export function kafkaReason(error: unknown): string {
  if (error instanceof ServiceError) return error.message
  const { message = '', code = '', apiId = code } = innermost(error)
  const known = KNOWN[apiId]
  if (known !== undefined) return known
  if (CERTIFICATE.test(code)) return `the broker's certificate is not trusted (${message}): check KAFKA_TLS_CA`
  // A broker closes the connection without a reason if the protocol is wrong, and also when it stops.
  if (message === 'Connection closed') {
    return 'the broker closed the connection: if it is running, check KAFKA_TLS and KAFKA_SASL_MECHANISM'
  }
  return message || code
}

/** Of several tries the last one counts. */
function innermost(error: unknown): Failure {
  const failure = (error ?? {}) as Failure
  const inner = failure.errors?.at(-1) ?? failure.cause
  return inner === undefined ? failure : innermost(inner)
}

/** Whether the error, or one nested in it, is this error of a broker, such as `TOPIC_ALREADY_EXISTS`. */
export function hasBrokerError(error: unknown, apiId: string): boolean {
  const failure = (error ?? {}) as Failure
  const nested = [failure.cause, ...(failure.errors ?? [])].filter((one) => one !== undefined)
  return failure.apiId === apiId || nested.some((one) => hasBrokerError(one, apiId))
}
