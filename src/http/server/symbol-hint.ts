import type { FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors.ts'
import { symbolHint } from '../../lib/symbol.ts'

const SYMBOL_POINTER = /^\/symbols?(\/\d+)?$/

/** The same error; where a symbol of the request was refused, it says what may have been meant. */
export function withSymbolHints(error: ServiceError, { query, body }: FastifyRequest): ServiceError {
  const { errors = [] } = error.details
  if (error.code !== 'invalid_request' || !errors.some(({ pointer }) => SYMBOL_POINTER.test(pointer))) return error
  const hinted = errors.map(({ pointer, detail }) => {
    const hint = SYMBOL_POINTER.test(pointer) ? hintAt(pointer, { query, body }) : undefined
    return hint === undefined ? { pointer, detail } : { pointer, detail: `is not a symbol: ${hint}` }
  })
  const changed = hinted.find(({ detail }, index) => detail !== errors[index]?.detail)
  if (changed === undefined) return error
  const message = hinted
    .map(({ pointer, detail }) => `${pointer}: ${detail}.`)
    .slice(0, 3)
    .join(' ')
  return new ServiceError(error.code, message, { ...error.details, errors: hinted, cause: error.cause })
}

function hintAt(pointer: string, { query, body }: Pick<FastifyRequest, 'query' | 'body'>): string | undefined {
  const value = valueAt(query, pointer) ?? valueAt(body, pointer)
  if (typeof value !== 'string') return undefined
  const texts = pointer === '/symbols' ? value.split(',') : [value]
  return texts.map(symbolHint).find((hint) => hint !== undefined)
}

function valueAt(given: unknown, pointer: string): unknown {
  const path = pointer.split('/').slice(1)
  return path.reduce<unknown>(
    (value, name) => (value as Readonly<Record<string, unknown>> | null | undefined)?.[name],
    given,
  )
}
