import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { accountFor, canReach } from './account.ts'
import { dataFolder } from './cluster.ts'

export type DataDir = {
  readonly path: string
  /** Whether it is not the default folder; the start banner then reports it. */
  readonly moved: boolean
}

/**
 * Chooses the data directory: the given one, else `data` below the root. Only the latter moves, and only for root:
 * the unprivileged account that PostgreSQL then runs as cannot enter a private home. Creates nothing.
 * @throws Error if the directory cannot be used
 */
export function chooseDataDir({ given, root }: { given: string | undefined; root: string }): DataDir {
  const preferred = resolve(root, given ?? 'data')
  const isReachable = canPostgresReach(preferred)
  if (given !== undefined && !isReachable) {
    throw new Error(`DATA_DIR ${preferred} cannot be used: the account that PostgreSQL runs as cannot enter it.`)
  }
  const path = isReachable ? preferred : alternativeTo(preferred)
  assertUsable(path)
  return { path, moved: path !== preferred }
}

/** Creates a folder that every account can enter, whatever our umask. */
export function makeFolder(path: string): void {
  const before = process.umask(0o022)
  try {
    makeLevels(resolve(path))
  } finally {
    process.umask(before)
  }
}

/** One level after the other: below /proc, Node's own recursion never ends. Another process may create the same level. */
function makeLevels(path: string): void {
  if (existsSync(path)) return
  makeLevels(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Always the same folder for a checkout, and different ones for different checkouts. */
function alternativeTo(path: string): string {
  return join('/var/lib/market-data', createHash('sha256').update(path).digest('hex').slice(0, 12))
}

function canPostgresReach(path: string): boolean {
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
    // Some folders, such as /proc, claim to be writable and accept no folder.
    if (folder !== path) rmdirSync(mkdtempSync(join(folder, '.market-data-')))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The data directory ${path} cannot be used (${reason}): set DATA_DIR to another.`, { cause: error })
  }
}
