import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { TProperties } from 'typebox'
import { Environment, PROVIDER_NAMES, readConfig } from '../../src/app/config.ts'
import { createProviderRegistry, PROVIDERS } from '../../src/providers/registry.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { readOpenApi } from '../../scripts/openapi.ts'
import { createTestClock, NOW, summaryOf } from '../support/yahoo-harness.ts'

const folder = join(import.meta.dirname, '../../src/providers')
const createRegistry = (env = {}) => createProviderRegistry(readConfig(env, '/dev/null'), { clock: createTestClock() })

test('a provider is found by its name and by its alias', async () => {
  const providers = await createRegistry()
  for (const provider of providers.list()) assert.equal(providers.get(provider.name), provider)
  assert.equal(providers.get('yahoo'), providers.get('yfinance'))
})

test('the replies of every provider can be read, those of `replay` also without its file', async () => {
  const providers = await createRegistry()
  for (const provider of providers.list()) assert.equal(providers.parserOf(provider.name), provider)
  const symbols = ['AAPL']
  const parser = providers.parserOf('replay')
  const body = Buffer.from('{"quotes":[{"symbol":"AAPL","price":"1.50","timestamp":"2025-01-01T00:00:00Z"}]}')
  const reply = { provider: 'replay', symbols, request: 'replay AAPL', status: 200, body, parserVersion: 1 }
  const results = parser?.parseReply({ ...reply, receivedAt: instantFromMillis(NOW) })
  assert.deepEqual(results?.map(summaryOf), ['AAPL 1.50'])
  assert.equal(providers.parserOf('bloomberg'), undefined)
})

test('an unknown provider is refused with the names of the available ones', async () => {
  const providers = await createRegistry()
  const known = providers.list().map(({ name }) => name)
  assert.ok(known.includes('yfinance') && known.includes('simulated'))
  for (const name of ['bloomberg', '', 'constructor', 'replay']) {
    assert.throws(() => providers.get(name), { code: 'unknown_provider', message: new RegExp(known.join(', ')) })
  }
})

test('every folder of src/providers has settings and a definition, and the registry lists it', async () => {
  // `transport` is what providers are built from; `csv` imports files and cannot be requested.
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['transport', 'csv'].includes(entry.name))
    .map(({ name }) => name)
  const settings = await Promise.all(folders.map((name) => exportsOf(`${name}/settings.ts`)))
  const definitions = await Promise.all(folders.map((name) => exportsOf(`${name}/definition.ts`)))
  for (const [at, name] of folders.entries()) {
    const definition = PROVIDERS.find((one) => definitions[at]?.includes(one))
    assert.ok(definition, `providers/registry.ts does not list the definition of providers/${name}`)
    assert.ok(settings[at]?.includes(definition.settings), `providers/${name} does not use its own settings`)
  }
  assert.equal(PROVIDERS.length, folders.length)
})

test('no two providers share a name, an alias, or a setting', () => {
  const names = PROVIDERS.flatMap(({ name, aliases }) => [name, ...aliases])
  const settings = PROVIDERS.flatMap((one) => Object.keys(one.settings))
  assert.deepEqual(names, [...new Set(names)])
  assert.deepEqual(settings, [...new Set(settings)])
  assert.deepEqual(
    PROVIDER_NAMES,
    PROVIDERS.map(({ name }) => name),
  )
})

test('every setting of a provider is part of the configuration, with a description', () => {
  const known: TProperties = Environment.properties
  for (const { settings } of PROVIDERS) {
    for (const [variable, schema] of Object.entries(settings)) {
      assert.equal(known[variable], schema)
      assert.ok('description' in schema, `${variable} has no description`)
    }
  }
})

test('a provider has the capabilities that its definition names', async () => {
  const available = (await createRegistry()).list()
  for (const { name, capabilities, requires } of PROVIDERS) {
    const provider = available.find((one) => one.name === name)
    assert.equal(provider === undefined, requires.length > 0, `${name} is available exactly if it requires nothing`)
    if (provider === undefined) continue
    assert.equal(provider.capabilities, capabilities)
    assert.equal(provider.searchSymbols !== undefined, capabilities.search)
    assert.equal(capabilities.quotes, true)
  }
})

test('every provider that the OpenAPI document gives as an example is one of the registry', async () => {
  const names = new Set<unknown>(PROVIDERS.map(({ name }) => name))
  const examples = examplesOf(await readOpenApi(), 'provider')
  assert.ok(examples.length > 5)
  assert.deepEqual(
    examples.filter((name) => !names.has(name)),
    [],
  )
})

test('a definition loads no client and no parser, so that help and configuration stay light', () => {
  const definitions = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('definition.ts'),
  )
  for (const name of definitions) {
    const loaded = readFileSync(join(folder, name), 'utf8').matchAll(/^import (?!type\b).* from '([^']+)'/gm)
    assert.deepEqual(
      [...loaded].map(([, from]) => from).filter((from) => from !== './settings.ts'),
      [],
      name,
    )
  }
})

async function exportsOf(file: string): Promise<readonly unknown[]> {
  return Object.values((await import(pathToFileURL(join(folder, file)).href)) as object)
}

/** The examples of every parameter and member of that name, anywhere in a document. */
function examplesOf(part: unknown, name: string): readonly unknown[] {
  if (typeof part !== 'object' || part === null) return []
  const { [name]: member, name: parameter, example } = part as Readonly<Record<string, unknown>>
  const ofMember = typeof member === 'object' && member !== null && 'examples' in member ? member.examples : []
  const own = [...(ofMember as unknown[]), ...(parameter === name && example !== undefined ? [example] : [])]
  return [...own, ...Object.values(part).flatMap((inner) => examplesOf(inner, name))]
}
