import { createRequire } from 'node:module'
import type * as CompilerModule from '@fastify/fast-json-stringify-compiler'
import type { FastifySerializerCompiler } from 'fastify'

type Serialize = (body: unknown) => string

/**
 * Builds the serializer of a response when the first such response is sent: to build those of all routes and statuses took
 * 170 ms of each start. A schema that cannot be built would fail only then, so a test builds all of them.
 */
export const compileSerializer: FastifySerializerCompiler<object> = ({ schema }) => {
  let serialize: Serialize | undefined
  return (body) => {
    serialize ??= serializerOf(schema)
    return serialize(body)
  }
}

/** Most routes share the schemas of their problems. */
const built = new WeakMap<object, Serialize>()

/** The serializer of a schema. @throws if the schema cannot be serialized */
export function serializerOf(schema: object): Serialize {
  const known = built.get(schema)
  if (known) return known
  compile ??= loadCompiler()
  const serialize = compile({ schema, method: '', url: '', httpStatus: '' })
  built.set(schema, serialize)
  return serialize
}

let compile: CompilerModule.SerializerCompiler | undefined

/** A serializer is built while a response is sent, so its compiler is loaded synchronously. */
function loadCompiler(): CompilerModule.SerializerCompiler {
  const load = createRequire(import.meta.url)
  const { SerializerSelector } = load('@fastify/fast-json-stringify-compiler') as typeof CompilerModule
  return SerializerSelector()()
}
