import type { FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { ServiceError, type ErrorCode } from '../../errors.ts'
import { alternatives, expectationOf } from './validation/expectation.ts'
import { PATTERN_MISTAKES } from './query.ts'
import type { Mistake } from './validation/rules.ts'

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
  return new ServiceError('internal', 'Internal error; the log has the details under this request_id.', {
    cause: thrown,
  })
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

/** All mistakes, each once, at most 20. */
function invalidRequest(validation: readonly FastifySchemaValidationError[], cause: unknown): ServiceError {
  // `boolean` only repeats what `additionalProperties` reports, without a reason.
  const reported = validation.filter(({ keyword }) => keyword !== 'boolean').flatMap(explain)
  const errors = [...new Map(reported.map((one) => [`${one.pointer} ${one.detail}`, one])).values()]
  return new ServiceError('invalid_request', detailOf(errors), { errors: errors.slice(0, MAX_ERRORS), cause })
}

const MAX_ERRORS = 20
const MAX_IN_DETAIL = 3

/** All mistakes in a sentence each, unless they are many. */
function detailOf(errors: readonly Mistake[]): string {
  const texts = errors.slice(0, MAX_IN_DETAIL).map(({ pointer, detail }) => `${pointer || 'The request'}: ${detail}.`)
  const more = errors.length > MAX_IN_DETAIL ? ` And ${errors.length - MAX_IN_DETAIL} more: see errors.` : ''
  return texts.length === 0 ? 'The request is not as documented.' : texts.join(' ') + more
}

function explain(error: FastifySchemaValidationError): Mistake[] {
  const { instancePath, keyword, params } = error
  const schema: TSchema = params['schema'] ?? {}
  const known = alternatives(membersOf(schema))
  if (keyword === 'additionalProperties') {
    const detail = known === '' ? 'is not known here: nothing can be given' : `is not known here; known: ${known}`
    return namesIn(params['additionalProperties']).map((name) => ({
      pointer: `${instancePath}/${escape(name)}`,
      detail,
    }))
  }
  if (keyword === 'required') {
    const missing = namesIn(params['requiredProperties'])
    return missing.map((name) => ({ pointer: `${instancePath}/${escape(name)}`, detail: 'is required' }))
  }
  if (keyword === 'minProperties') return [{ pointer: instancePath, detail: `needs at least one of ${known}` }]
  return mistakesOfValue(error, schema)
}

function mistakesOfValue(
  { instancePath, keyword, params, message }: FastifySchemaValidationError,
  schema: TSchema,
): Mistake[] {
  const ofPattern = PATTERN_MISTAKES.get(patternOf(schema))?.(params['value'])
  if (ofPattern) return ofPattern.map(({ pointer, detail }) => ({ pointer: instancePath + pointer, detail }))
  if (params['isRepeated'] === true) return [{ pointer: instancePath, detail: 'is given more than once' }]
  const given = ITEMS.has(keyword) ? `; ${lengthOf(params['value'])} are given` : ''
  return [{ pointer: instancePath, detail: (wanted(schema) ?? fallback(message)) + given }]
}

const ITEMS: ReadonlySet<string> = new Set(['minItems', 'maxItems'])

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}

function membersOf(schema: TSchema): readonly string[] {
  return 'properties' in schema ? Object.keys(schema.properties as object) : []
}

function patternOf(schema: TSchema): unknown {
  return 'pattern' in schema ? schema.pattern : undefined
}

function wanted(schema: TSchema): string | undefined {
  const { 'x-expects': given } = schema as { 'x-expects'?: string }
  const expected = given ?? expectationOf(schema)
  return expected === undefined ? undefined : `must be ${expected}`
}

function fallback(message: string | undefined): string {
  return message ?? 'is not as documented'
}

function namesIn(names: unknown): readonly string[] {
  return Array.isArray(names) ? names.slice(0, 20).map((name) => String(name).slice(0, 100)) : []
}

function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
