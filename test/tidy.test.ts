import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { BASE_FOLDER, MAY_ALSO_IMPORT, MAY_IMPORT } from '../scripts/rooms.ts'

// The architecture as a test: what a reader may rely on everywhere, and no tool of ours checks.

type SourceFile = { readonly path: string; readonly text: string }

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = filesBelow('src', '.ts')
const tests = filesBelow('test', '.ts').filter(({ path }) => path !== 'test/tidy.test.ts')
const measurements = filesBelow('bench', '.ts')

test('a room imports only the rooms that the table allows', () => {
  const wrong = sources.flatMap((file) => {
    const component = roomOf(file.path)
    const allowed = new Set([component, ...(MAY_IMPORT[component] ?? [])])
    return ourImports(file)
      .filter((path) => path.startsWith('src/') && !allowed.has(roomOf(path)))
      .map((path) => `${file.path} imports ${path}`)
  })
  assert.deepEqual(wrong, [])
})

test('a folder of an edge imports only its own files and the base folder of the edge', () => {
  const wrong = sources.flatMap((file) => {
    const [edge, folder] = [roomOf(file.path), folderOf(file.path)]
    const base = BASE_FOLDER[edge]
    if (base === undefined || folder === undefined) return []
    const allowed = new Set([folder, base, ...(MAY_ALSO_IMPORT[`${edge}/${folder}`] ?? [])])
    return ourImports(file)
      .filter((path) => roomOf(path) === edge && !allowed.has(folderOf(path) ?? ''))
      .map((path) => `${file.path} imports ${path}`)
  })
  assert.deepEqual(wrong, [])
})

test('every room has a rule, and every rule has its room', () => {
  const rooms = new Set(sources.map(({ path }) => roomOf(path)))
  assert.deepEqual(rooms, new Set(Object.keys(MAY_IMPORT)))
  const folders = new Set(sources.map(({ path }) => `${roomOf(path)}/${folderOf(path)}`))
  const named = [...Object.entries(BASE_FOLDER).map((entry) => entry.join('/')), ...Object.keys(MAY_ALSO_IMPORT)]
  const others = Object.entries(MAY_ALSO_IMPORT).flatMap(([path, also]) =>
    also.map((name) => join(dirname(path), name)),
  )
  assert.deepEqual(new Set([...named, ...others]).difference(folders), new Set())
})

test('a start without Kafka does not load its client, and one with nothing to migrate not the migrator', () => {
  const loaded = loadedWith('src/app/commands/actions.ts')
  assert.ok(loaded.size > 100)
  const heavy = [...loaded].filter((path) =>
    /from '(?:@platformatic\/kafka|kysely)/.test(valueImports(path).join('\n')),
  )
  assert.deepEqual(heavy, [])
})

test('inside rooms import no package and no part of Node, but for hashing of keys', () => {
  const hashing = new Set(['node:crypto', 'node:zlib'])
  const wrong = inside().filter((file) => {
    const foreign = importsOf(file).filter((name) => !name.startsWith('.'))
    return roomOf(file.path) === 'core/access' ? foreign.some((name) => !hashing.has(name)) : foreign.length > 0
  })
  assert.deepEqual(paths(wrong), [])
})

test('inside rooms never read the clock: time is passed in', () => {
  assert.deepEqual(matches(inside(), /Date\.now\(|new Date\(\)|performance\.now/), [])
})

test('only src/app/config.ts reads the environment', () => {
  const others = sources.filter(({ path }) => path !== 'src/app/config.ts')
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

/** `core/prices` for a file of an inner room, `http` for one of an edge, `errors` for a file of src itself. */
function roomOf(path: string): string {
  const [, component = path, inner = ''] = path.split('/')
  return component === 'core' ? `core/${inner}` : component.replace(/\.ts$/, '')
}

/** The folder inside an edge; undefined for a file of the edge itself. */
function folderOf(path: string): string | undefined {
  return path.split('/').length > 3 ? path.split('/')[2] : undefined
}

function inside(): SourceFile[] {
  return sources.filter(({ path }) => path.startsWith('src/core/'))
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
