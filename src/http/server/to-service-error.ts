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
  if (isCallersFault(error)) return new ServiceError('malformed_request', 'Not an HTTP request.', { cause: thrown })
  return new ServiceError('internal', 'Something went wrong on our side.', { cause: thrown })
}

/** What Fastify puts on its errors. */
type Thrown = {
  readonly code?: string
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
