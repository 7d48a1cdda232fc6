import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { fastify } from 'fastify'
import { FEATURES } from '../../src/http/api.ts'
import type { AddRoutes } from '../../src/http/server/app.ts'
import { serializerOf } from '../../src/http/server/responses/serializer.ts'
import { compileValidator } from '../../src/http/server/validation/validator.ts'
import { createHttpService, type Json } from '../support/http-service.ts'

const HTTP = join(import.meta.dirname, '../../src/http')

/** A file of a noun that declares routes. */
const DECLARES = /\bapp\.(?:get|post|put|patch|delete|route)\(/

test('every noun folder is one feature, and every file that declares routes belongs to the feature of its folder', async () => {
  const nouns = readdirSync(HTTP, { withFileTypes: true }).filter((one) => one.isDirectory() && one.name !== 'server')
  assert.deepEqual(nouns.map(({ name }) => name).toSorted(), Object.keys(FEATURES).toSorted())
  for (const { name } of nouns) {
    const { routes, monitoring = [] } = FEATURES[name as keyof typeof FEATURES]
    const served = new Set<unknown>([...routes, ...monitoring])
    for (const file of readdirSync(join(HTTP, name))) {
      const path = join(HTTP, name, file)
      if (!DECLARES.test(readFileSync(path, 'utf8'))) continue
      const exported: Json = await import(pathToFileURL(path).href)
      const isOwn = Object.values(exported).some((one) => one === FEATURES[name as keyof typeof FEATURES])
      const unused = Object.entries(exported).filter(([key, one]) => /Routes?$/.test(key) && !served.has(one))
      assert.deepEqual(unused, [], `${name}/${file} exports routes that its feature does not list`)
      assert.ok(isOwn || Object.values(exported).some((one) => served.has(one)), `no feature lists ${name}/${file}`)
    }
  }
})

test('the routes of the server are those of the features, and each belongs to one feature', async (t) => {
  const { app } = await createHttpService(t)
  const documented = Object.entries<Json>((app as Json).swagger().paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  )
  const declared = Object.values(FEATURES)
    .flatMap(({ routes, monitoring = [] }) => (routes as readonly unknown[]).concat(monitoring))
    .flatMap((add) => routesOf(add as AddRoutes<Json>))
  assert.equal(new Set(declared).size, declared.length)
  assert.deepEqual(documented.toSorted(), declared.toSorted())
})

test('the serializer of every response of every route can be built, although the service builds it with the first response', async () => {
  const app = fastify({ exposeHeadRoutes: false }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(compileValidator)
  let count = 0
  app.setSerializerCompiler<object>(({ schema }) => {
    count++
    return serializerOf(schema)
  })
  for (const { routes, monitoring = [] } of Object.values(FEATURES)) {
    for (const add of (routes as readonly unknown[]).concat(monitoring)) (add as AddRoutes<Json>)(app, ANYTHING)
  }
  await app.ready()
  assert.ok(count > 100)
})

/** The visible routes that a function declares, whatever it depends on. */
function routesOf(addRoutes: AddRoutes<Json>): string[] {
  const app = fastify({ exposeHeadRoutes: false }).withTypeProvider<TypeBoxTypeProvider>()
  const found: string[] = []
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (!(schema as Json)?.hide) found.push(`${String(method)} ${url}`)
  })
  addRoutes(app, ANYTHING)
  return found
}

/** Has every member, and each can be called and read from. */
const ANYTHING: Json = new Proxy(() => ANYTHING, {
  get: (_, name) => (name === 'pageFolder' ? '/nowhere' : name === Symbol.toPrimitive ? () => 0 : ANYTHING),
  apply: () => ANYTHING,
})
