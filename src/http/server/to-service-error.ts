import type { FastifySchemaValidationError } from 'fastify'
import { ServiceError, type ErrorCode } from '../../errors.ts'
import { PATTERN_MESSAGES } from './query.ts'

/**
 * What a thrown value means to a caller. Anything that is not recognised is a defect of the service: `internal`, whose
 * message reveals nothing; the log has the details.
 */
export function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Thrown
  if (Array.isArray(error.validation)) return invalidRequest(error.validation, thrown)
  const known = error.code === undefined ? undefined : FRAMEWORK[error.code]
  if (known) return new ServiceError(known[0], known[1], { cause: thrown })
  if (isDiskFull(thrown)) return new ServiceError('storage_unavailable', 'The disk is full.', { cause: thrown })
  if (isStorageFailure(error)) {
    return new ServiceError('storage_unavailable', 'The database does not answer.', { cause: thrown })
  }
  if (isCallersFault(error)) return new ServiceError('malformed_request', 'Not an HTTP request.', { cause: thrown })
  return new ServiceError('internal', 'Something went wrong on our side.', { cause: thrown })
}

/** PostgreSQL has several codes for it, and always these words of the system. */
export function isDiskFull(thrown: unknown): boolean {
  const { code, message } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Thrown
  return code === '53100' || code === 'ENOSPC' || (message ?? '').includes('No space left on device')
}

/** What Fastify, pg and node:net put on their errors. */
type Thrown = {
  readonly code?: string
  readonly message?: string
  readonly statusCode?: number
  readonly validation?: readonly FastifySchemaValidationError[]
}

const FRAMEWORK: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed_request', 'The body is not JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['malformed_request', 'The body does not have the length in Content-Length.'],
  FST_ERR_BAD_URL: ['malformed_request', 'The path is not encoded correctly.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'Nothing found at this path.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is larger than 64 KiB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'A body must be application/json.'],
}

function isCallersFault({ statusCode }: Thrown): boolean {
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500
}

/** Of pg and its socket: gone, starting, full, cancelled, read-only, or no connection free in time. */
const STORAGE_CODES =
  /^(?:08\w{3}|53\w{3}|57P0[1-5]|57014|55P03|25P0[234]|25006|40001|40P01|ECONN\w+|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/
/** pg gives these no code. */
const STORAGE_MESSAGES =
  /timeout exceeded when trying to connect|connection terminated|connection error and is not queryable|query read timeout|after calling end on the pool/i

function isStorageFailure({ code, message }: Thrown): boolean {
  return STORAGE_CODES.test(code ?? '') || STORAGE_MESSAGES.test(message ?? '')
}

function invalidRequest(validation: readonly FastifySchemaValidationError[], cause: unknown): ServiceError {
  // `boolean` only repeats what `additionalProperties` reports, without a reason.
  const reported = validation.filter(({ keyword }) => keyword !== 'boolean')
  const errors = reported.slice(0, 20).flatMap(explain)
  const [first] = errors
  const detail = first ? `${first.pointer || 'The request'}: ${first.detail}` : 'The request is not as documented.'
  return new ServiceError('invalid_request', detail, { errors, cause })
}

function explain({ instancePath, keyword, params, message }: FastifySchemaValidationError) {
  if (keyword === 'additionalProperties') {
    return namesIn(params['additionalProperties']).map((name) => ({
      pointer: `${instancePath}/${escapePointer(name)}`,
      detail: 'is not a known member',
    }))
  }
  if (keyword === 'required') {
    return namesIn(params['requiredProperties']).map((name) => ({
      pointer: `${instancePath}/${escapePointer(name)}`,
      detail: 'is required',
    }))
  }
  const detail = keyword === 'pattern' ? PATTERN_MESSAGES.get(patternOf(params)) : undefined
  return [{ pointer: instancePath, detail: detail ?? message ?? 'is not as documented' }]
}

function patternOf(params: Readonly<Record<string, unknown>>): unknown {
  return params['pattern']
}

function namesIn(names: unknown): readonly string[] {
  return Array.isArray(names) ? names.slice(0, 20).map((name) => String(name).slice(0, 100)) : []
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
