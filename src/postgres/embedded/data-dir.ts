import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { accountFor, canReach } from './account.ts'
import { dataFolder } from './cluster.ts'

export type DataDir = {
  readonly path: string
  /** Whether it is not where one looks for it first; the start block says so. */
  readonly moved: boolean
}

/**
 * Where the data lies: the given directory, else `data` below the root. Only the latter moves, and only for root:
 * the unprivileged account that PostgreSQL then runs as cannot walk into a private home. Throws where the directory
 * cannot be used; leaves nothing behind.
 */
export function chooseDataDir({ given, root }: { given: string | undefined; root: string }): DataDir {
  const asked = resolve(root, given ?? 'data')
  const isReachable = reaches(asked)
  if (given !== undefined && !isReachable) {
    throw new Error(`DATA_DIR ${asked} cannot be used: the account that PostgreSQL runs as cannot enter it.`)
  }
  const path = isReachable ? asked : elsewhere(asked)
  assertUsable(path)
  return { path, moved: path !== asked }
}

/** Makes a folder that every account can walk through, whatever our umask. */
export function makeFolder(path: string): void {
  const before = process.umask(0o022)
  try {
    makeLevels(resolve(path))
  } finally {
    process.umask(before)
  }
}

/** One level after the other: below /proc Node's own recursion never ends. Others may make the same level meanwhile. */
function makeLevels(path: string): void {
  if (existsSync(path)) return
  makeLevels(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Always the same place for the same checkout, and another one for another. */
function elsewhere(path: string): string {
  return join('/var/lib/market-data', createHash('sha256').update(path).digest('hex').slice(0, 12))
}

function reaches(path: string): boolean {
  const account = accountFor(dataFolder(path))
  return account.uid === undefined || canReach(account, nearestFolder(path))
}

/** The directory itself, or the nearest one above it that exists. */
export function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path))
}

function assertUsable(path: string): void {
  try {
    const folder = nearestFolder(path)
    accessSync(`${folder}/.`, constants.W_OK | constants.X_OK)
    // Some, as /proc, call themselves writable and take no folder.
    if (folder !== path) rmdirSync(mkdtempSync(join(folder, '.market-data-')))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The data directory ${path} cannot be used (${reason}): set DATA_DIR to another.`, { cause: error })
  }
}
