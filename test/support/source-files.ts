import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of the repository; its path is relative to the root. */
export type SourceFile = { readonly path: string; readonly text: string }

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every path that git tracks or would add. */
export const repositoryPaths: readonly string[] = execFileSync(
  'git',
  ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\0')
  .filter((path) => path !== '')

export function readFiles(wanted: (path: string) => boolean): SourceFile[] {
  return repositoryPaths.filter(wanted).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** The files of a folder, subfolders included, whose names end in one of the suffixes. */
export function filesBelow(folder: string, ...suffixes: readonly string[]): SourceFile[] {
  return readFiles((path) => path.startsWith(`${folder}/`) && suffixes.some((suffix) => path.endsWith(suffix)))
}

/** `core/prices` for a file of the core, `http` for one of an edge, `errors` for a file that lies in src itself. */
export function roomOf(path: string): string {
  const [, room = path, inner = ''] = path.split('/')
  return room === 'core' ? `core/${inner}` : room.replace(/\.ts$/, '')
}

/** The folder inside an edge; undefined for a file that lies in the edge itself. */
export function folderOf(path: string): string | undefined {
  return path.split('/').length > 3 ? path.split('/')[2] : undefined
}

export function importsOf({ text }: SourceFile): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^'"`;]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
  )
  return [...statements].map(([, from, bare, called]) => from ?? bare ?? called ?? '')
}

/** The files of the repository that a file imports. */
export function ourImports(file: SourceFile): string[] {
  const own = importsOf(file).filter((name) => name.startsWith('.'))
  return own.map((name) => relative(root, join(root, dirname(file.path), name)))
}

/** The names in the code, without those in comments and texts. */
export function identifiersOf({ text }: SourceFile): ReadonlySet<string> {
  const code = text.replaceAll(
    /\/\*[^]*?\*\/|(?<=^|\s)\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g,
    ' ',
  )
  return new Set(code.match(/[A-Za-z_$][\w$]*/g))
}

/** The lines that match, each with its path and number. */
export function linesMatching(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
  )
}

/** Every file that is loaded before the first line of this one runs: no types, and nothing that is imported when needed. */
export function loadedWith(path: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(path)) return found
  found.add(path)
  for (const name of loadedNames(path)) {
    if (name.startsWith('.')) loadedWith(relative(root, join(root, dirname(path), name)), found)
  }
  return found
}

/** The packages and files that a file loads at once. */
export function loadedNames(path: string): string[] {
  const lines = readFileSync(join(root, path), 'utf8').match(/^(?:import|export)\b[^'"`;]*?\bfrom '[^']+'/gm) ?? []
  const values = lines.filter((line) => !/^(?:import|export) type\b/.test(line))
  return values.map((line) => /'([^']+)'$/.exec(line)?.[1] ?? '')
}
