import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

// The architecture as a test: what a reader may rely on everywhere, and no tool of ours checks.

type SourceFile = { readonly path: string; readonly text: string }

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = filesBelow('src', '.ts')
const tests = filesBelow('test', '.ts').filter(({ path }) => path !== 'test/tidy.test.ts')
const measurements = filesBelow('bench', '.ts')

const INSIDE = ['prices', 'averages', 'polling', 'access', 'history', 'indicators']
const EVERYWHERE = ['errors.ts', 'clock.ts']

/** The wiring: what puts the rooms together, like `service.ts`, and is imported by none of them. */
const WIRING = ['commands', 'runners']

/** Rooms on the left import, besides themselves, only the rooms on the right. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  prices: [],
  averages: ['prices'],
  polling: ['prices'],
  access: ['prices'],
  history: ['prices'],
  indicators: [],
  providers: ['prices'],
  postgres: INSIDE,
  kafka: INSIDE,
  http: INSIDE,
  cli: INSIDE,
  'errors.ts': [],
  'clock.ts': [],
}

test('a room imports only what its place in the path of a price allows', () => {
  const wrong = sources.flatMap((file) => {
    const room = roomOf(file.path)
    const allowed = MAY_IMPORT[room]
    if (allowed === undefined) return []
    const rooms = ourImports(file).map(roomOf)
    return rooms
      .filter((other) => ![room, ...EVERYWHERE, ...allowed].includes(other))
      .map((other) => `${file.path} imports ${other}`)
  })
  assert.deepEqual(wrong, [])
})

test('every folder of src is a room with a rule, or wiring', () => {
  const rooms = new Set(sources.map(({ path }) => roomOf(path)).filter((room) => !room.endsWith('.ts')))
  assert.deepEqual(rooms.difference(new Set([...Object.keys(MAY_IMPORT), ...WIRING])), new Set())
})

test('no room imports the process or its wiring', () => {
  const rooms = sources.filter(({ path }) => MAY_IMPORT[roomOf(path)] !== undefined)
  const wrong = rooms.filter((file) => ourImports(file).some((path) => MAY_IMPORT[roomOf(path)] === undefined))
  assert.deepEqual(paths(wrong), [])
})

test('a start without Kafka does not load its client, and one with nothing to migrate not the migrator', () => {
  const loaded = loadedWith('src/commands/actions.ts')
  assert.ok(loaded.size > 100)
  const heavy = [...loaded].filter((path) =>
    /from '(?:@platformatic\/kafka|kysely)/.test(valueImports(path).join('\n')),
  )
  assert.deepEqual(heavy, [])
})

test('inside rooms import no package and no part of Node', () => {
  const wrong = inside().filter((file) => importsOf(file).some((name) => !name.startsWith('.')))
  assert.deepEqual(paths(wrong), [])
})

test('inside rooms never read the clock: time is passed in', () => {
  assert.deepEqual(matches(inside(), /Date\.now\(|new Date\(\)|performance\.now/), [])
})

test('only src/config.ts reads the environment', () => {
  const others = sources.filter(({ path }) => path !== 'src/config.ts')
  assert.deepEqual(matches(others, /process\.env/), [])
})

test('no file is longer than a reader can hold', () => {
  const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 250)
  assert.deepEqual(paths(long), [])
})

test('no drawer names: a file is named after what it does', () => {
  const drawers = [...sources, ...tests, ...measurements].filter(({ path }) =>
    /(?:^|[/-])(?:utils?|helpers?|common|shared|manager|base|types|index)[./]/.test(path),
  )
  assert.deepEqual(paths(drawers), [])
})

test('nothing is left over from the work on it', () => {
  assert.deepEqual(
    matches([...sources, ...tests, ...measurements], /\bTODO\b|\bFIXME\b|\bXXX\b|\bdebugger\b|\.only\(|@ts-ignore/),
    [],
  )
  assert.deepEqual(matches(sources, /console\.log/), [])
})

test('a test runs always, except for want of recorded fixtures in a neighbouring folder, a browser, Kafka, or Prometheus', () => {
  const skipping = tests.filter(
    ({ text }) => /\bskip\b\s*[:(]/.test(text) && !/fixtures|chromium|no Kafka|no Prometheus/.test(text),
  )
  assert.deepEqual(paths(skipping), [])
})

test('migrations are numbered without a gap', () => {
  const names = readdirSync(join(root, 'src/postgres/migrations')).toSorted()
  assert.deepEqual(
    names.map((name) => /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]),
    names.map((_, at) => String(at + 1).padStart(4, '0')),
  )
})

test('decision records are named NNNN-title.md, each number once', () => {
  const names = readdirSync(join(root, 'docs/decisions'))
  const numbers = names.map((name) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1] ?? `not a record: ${name}`)
  assert.deepEqual(
    numbers.filter((number) => number.startsWith('not')),
    [],
  )
  assert.equal(new Set(numbers).size, numbers.length)
})

function filesBelow(folder: string, suffix: string): SourceFile[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => `${folder}/${name}`)
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** The folder below src, or the file that lies there itself. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? path
}

function inside(): SourceFile[] {
  return sources.filter(({ path }) => INSIDE.includes(roomOf(path)))
}

function importsOf({ text }: SourceFile): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^'"`;]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
  )
  return [...statements].map(([, from, bare, called]) => from ?? bare ?? called ?? '')
}

/** Paths of our own files, from the root. */
function ourImports(file: SourceFile): string[] {
  const own = importsOf(file).filter((name) => name.startsWith('.'))
  return own.map((name) => relative(root, join(root, dirname(file.path), name)))
}

function matches(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
  )
}

function paths(files: readonly SourceFile[]): string[] {
  return files.map(({ path }) => path)
}

/** The lines that load something: no types, and not what is loaded when it is needed. */
function valueImports(path: string): string[] {
  const { text = '' } = sources.find((file) => file.path === path) ?? {}
  const lines = text.match(/^(?:import|export)\b[^'"`;]*?\bfrom '[^']+'/gm) ?? []
  return lines.filter((line) => !/^(?:import|export) type\b/.test(line))
}

/** A file with all that is loaded before its first line runs. */
function loadedWith(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(path)) return found
  found.add(path)
  for (const line of valueImports(path)) {
    const [, name = ''] = /from '(\.[^']+)'$/.exec(line) ?? []
    if (name !== '') loadedWith(relative(root, join(root, dirname(path), name)), found)
  }
  return found
}
