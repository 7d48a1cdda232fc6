import assert from 'node:assert/strict'
import { basename, dirname, join } from 'node:path'
import test from 'node:test'
import { BASE_FOLDER, MAY_ALSO_IMPORT, MAY_IMPORT } from '../scripts/rooms.ts'
import {
  filesBelow,
  folderOf,
  importsOf,
  identifiersOf,
  linesMatching,
  loadedNames,
  loadedWith,
  ourImports,
  readFiles,
  repositoryPaths,
  roomOf,
  type SourceFile,
} from './support/source-files.ts'
import { BANNED_LOG_FIELDS, BANNED_NAMES, BANNED_PHRASES, STORED_NAMES } from './tidy-words.ts'

// The architecture as a test: what a reader may rely on everywhere, and no tool of ours checks.

const sources = filesBelow('src', '.ts')
const core = sources.filter(({ path }) => path.startsWith('src/core/'))
const dashboard = filesBelow('dashboard', '.ts', '.tsx')
const tests = filesBelow('test', '.ts').filter(({ path }) => !path.startsWith('test/tidy'))
const everything = [...sources, ...dashboard, ...tests, ...filesBelow('bench', '.ts'), ...filesBelow('scripts', '.ts')]

test('a room imports only the rooms that the table allows', () => {
  const wrong = sources.flatMap((file) => {
    const room = roomOf(file.path)
    const allowed = new Set([room, ...(MAY_IMPORT[room] ?? [])])
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

test('every folder of an edge that may import another one does', () => {
  const arrows = sources.flatMap((file) =>
    ourImports(file).map((path) => `${roomOf(file.path)}/${folderOf(file.path)} ${folderOf(path)}`),
  )
  const allowed = Object.entries(MAY_ALSO_IMPORT).flatMap(([from, also]) => also.map((to) => `${from} ${to}`))
  assert.deepEqual(new Set(allowed).difference(new Set(arrows)), new Set())
})

test('a start without Kafka does not load its client, and one with nothing to migrate not the migrator', () => {
  const loaded = [...loadedWith('src/app/commands/actions.ts')]
  assert.ok(loaded.length > 100)
  const heavy = loaded.filter((path) => loadedNames(path).some((name) => /^(?:@platformatic\/kafka|kysely)/.test(name)))
  assert.deepEqual(heavy, [])
})

test('the core imports no package and no part of Node, but for the hashing of keys', () => {
  const hashing = new Set(['node:crypto', 'node:zlib'])
  const wrong = core.filter((file) => {
    const foreign = importsOf(file).filter((name) => !name.startsWith('.'))
    return roomOf(file.path) === 'core/access' ? foreign.some((name) => !hashing.has(name)) : foreign.length > 0
  })
  assert.deepEqual(paths(wrong), [])
})

test('the core never reads the clock: time is passed in', () => {
  assert.deepEqual(linesMatching(core, /Date\.now\(|new Date\(\)|performance\.now|setTimeout\(/), [])
})

test('only src/app/config.ts reads the environment', () => {
  const others = sources.filter(({ path }) => path !== 'src/app/config.ts')
  assert.deepEqual(linesMatching(others, /process\.env/), [])
})

test('no file that people write has more than 250 lines, and no folder more than 15 files beside each other', () => {
  const shipped = [...sources, ...dashboard]
  const written = shipped.filter(({ text }) => !text.startsWith('// Generated from '))
  assert.deepEqual(paths(written.filter(({ text }) => text.trimEnd().split('\n').length > 250)), [])
  const folders = Map.groupBy([...shipped, ...filesBelow('dashboard', '.css')], ({ path }) => dirname(path))
  assert.deepEqual(
    [...folders].filter(([, files]) => files.length > 15).map(([folder]) => folder),
    [],
  )
})

test('no type is forced: no any, and no cast through unknown', () => {
  assert.deepEqual(linesMatching([...sources, ...dashboard], /\bas any\b|: any\b|<any>|\bas unknown as\b/), [])
})

test('a file is named after what it does, not utils, helpers or common', () => {
  const drawers = everything.filter(({ path }) =>
    /(?:^|[/-])(?:utils?|helpers?|common|shared|manager|base|types|index)[./]/.test(path),
  )
  assert.deepEqual(paths(drawers), [])
})

test('no name uses a word that only this project would understand', () => {
  const words = Object.keys(BANNED_NAMES)
  const wrong = everything.flatMap((file) =>
    [...identifiersOf(file)].flatMap((name) => {
      const parts = ` ${wordsOf(name)} `
      return words
        .filter((word) => parts.includes(` ${word} `))
        .map((word) => `${file.path}: ${name}: ${BANNED_NAMES[word]}`)
    }),
  )
  assert.deepEqual(wrong, [])
})

test('no log line has a field under its old name', () => {
  const fields = Object.keys(BANNED_LOG_FIELDS).join('|')
  const pattern = new RegExp(`\\.(?:trace|debug|info|warn|error|fatal)\\(\\{[^}]*\\b(?:${fields})\\b[:,} ]`)
  assert.deepEqual(linesMatching(sources, pattern), [])
})

test('no text uses a phrase that an English-speaking engineer would not', () => {
  const texts = readFiles((path) => /\.(?:tsx?|js|css|html|md|ya?ml|sql|sh)$|^(?:\.ci|deploy)\//.test(path))
  const read = texts.filter(({ path }) => !/^test\/(?:fixtures\/|tidy)|^src\/postgres\/migrations\//.test(path))
  assert.deepEqual(linesMatching(read, new RegExp(Object.keys(BANNED_PHRASES).join('|'), 'i')), [])
})

test('no name changed that is stored, or that others match', () => {
  const missing = Object.entries(STORED_NAMES).flatMap(([path, names]) => {
    const [file] = readFiles((other) => other === path)
    return names.filter((name) => !hasWord(file?.text ?? '', name)).map((name) => `${path}: ${name}`)
  })
  assert.deepEqual(missing, [])
})

test('every file is used: imported, run or named by another one', () => {
  const texts = readFiles((path) =>
    /\.(?:tsx?|js|json|html|md|ya?ml|css|sql)$|^(?:\.ci|bin|deploy)\/|^[^/]*file$/.test(path),
  )
  const unused = repositoryPaths.filter((path) => {
    if (FOUND_BY_TOOLS.test(path)) return false
    const name = basename(path).replace(/\.png$/, '')
    return !texts.some((file) => file.path !== path && file.text.includes(name))
  })
  assert.deepEqual(unused, [])
})

/** Tests, migrations, manifests and whatever else a tool looks for under a name of its own. */
const FOUND_BY_TOOLS =
  /\.test\.ts$|\.d\.ts$|\/migrations\/|^dashboard\/tsconfig\.json$|^(?:package-lock\.json|LICENSE|\.\w+(?:ignore|rc)|\.(?:oxfmt|oxlint)rc\.json|knip\.json|\.ci\/run)$|^deploy\/|^(?:test\/fixtures)\//

test('a line of a document is at most 130 characters wide, tables and code aside', () => {
  const wide = filesBelowRoot('.md').flatMap(({ path, text }) => {
    const prose = text.replaceAll(/^```[^]*?^```/gm, (code) => code.replaceAll(/[^\n]/g, ''))
    const lines = prose.split('\n').map((line, at) => ({ line, at: at + 1 }))
    return lines.filter(({ line }) => line.length > 130 && !line.startsWith('|')).map(({ at }) => `${path}:${at}`)
  })
  assert.deepEqual(wide, [])
})

test('nothing is left over from the work on it', () => {
  assert.deepEqual(linesMatching(everything, /\bTODO\b|\bFIXME\b|\bXXX\b|\bdebugger\b|\.only\(|@ts-ignore/), [])
  assert.deepEqual(linesMatching(sources, /console\.log/), [])
})

test('a test runs always, except for want of recorded fixtures in a neighbouring folder, a browser, Kafka, Prometheus, or Python', () => {
  const skipping = tests.filter(
    ({ text }) => /\bskip\b\s*[:(]/.test(text) && !/fixtures|chromium|no Kafka|no Prometheus|no Python/.test(text),
  )
  assert.deepEqual(paths(skipping), [])
})

test('migrations are numbered without a gap', () => {
  const names = namesIn('src/postgres/migrations/')
  assert.deepEqual(
    names.map((name) => /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]),
    names.map((_, at) => String(at + 1).padStart(4, '0')),
  )
})

test('decision records are named NNNN-title.md, each number once', () => {
  const numbers = namesIn('docs/decisions/').map(
    (name) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1] ?? `not a record: ${name}`,
  )
  assert.deepEqual(
    numbers.filter((number) => number.startsWith('not')),
    [],
  )
  assert.equal(new Set(numbers).size, numbers.length)
})

/** Whether the text has this name, and not only as a part of a longer one. */
function hasWord(text: string, name: string): boolean {
  const [begin, end] = [/^\w/.test(name) ? '\\b' : '', /\w$/.test(name) ? '\\b' : '']
  return new RegExp(begin + name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`) + end).test(text)
}

function filesBelowRoot(suffix: string): SourceFile[] {
  return readFiles((path) => path.endsWith(suffix))
}

/** `jobBell`, `JOB_BELL` and `job_bell` are `job bell`. */
function wordsOf(name: string): string {
  return name
    .replaceAll('_', ' ')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
}

function namesIn(folder: string): string[] {
  return repositoryPaths
    .filter((path) => path.startsWith(folder))
    .map((path) => path.slice(folder.length))
    .toSorted()
}

function paths(files: readonly SourceFile[]): string[] {
  return files.map(({ path }) => path)
}
