import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { accountFor, type Account } from './account.ts'
import { noBinary, unpackBinaries } from './binaries.ts'

const run = promisify(execFile)

/** Everything that a postmaster needs to be started, any number of times, on one data directory. */
export type Cluster = {
  readonly bin: string
  readonly data: string
  /** The folder of the Unix socket: the same for the same directory, so that a restart is found where it was. */
  readonly socket: string
  readonly account: Account
}

/** A clean environment: nothing of ours reaches the database, and its messages are English. */
export const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** Named after the major version: the files of one cannot be read by another. */
export function dataFolder(state: string): string {
  return join(state, 'pg18')
}

/** Makes what is missing: the copy of the binaries and the cluster. Only the holder of the state directory may call it. */
export async function prepareCluster(state: string, binaries: string): Promise<Cluster> {
  const data = dataFolder(state)
  const account = accountFor(data)
  const bin = unpackBinaries(binaries)
  if (!existsSync(join(data, 'PG_VERSION'))) await createCluster(bin, data, account)
  return { bin, data, account, socket: socketFolder(data, account) }
}

/** A half-made cluster never gets the name. Each is made in its own folder: the `initdb` of one who was killed goes on. */
async function createCluster(bin: string, data: string, account: Account): Promise<void> {
  const making = mkdtempSync(`${data}.new-`)
  makePrivate(making, account)
  // The built-in locale: an index must not depend on the machine's C library.
  const locale = ['--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '-E', 'UTF8']
  const args = ['-D', making, '-U', 'postgres', '-A', 'trust', '--no-instructions', ...locale]
  const options = { ...account, env: ENVIRONMENT, cwd: making, timeout: 120_000 }
  await run(join(bin, 'initdb'), args, options).catch((error: unknown) => {
    // A binary for another C library (musl) is there, yet its loader is not.
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? noBinary(error) : error
  })
  renameSync(making, data)
  removeUnfinished(data)
}

/** What others left that did not come to an end; an `initdb` that still writes there makes it take a moment. */
function removeUnfinished(data: string): void {
  for (const name of readdirSync(dirname(data))) {
    if (!name.startsWith(`${basename(data)}.new-`)) continue
    rmSync(join(dirname(data), name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}

/** A socket's path holds 107 bytes, so it cannot lie beside the data; a fixed name leaves no litter after a crash. */
function socketFolder(data: string, account: Account): string {
  const hash = createHash('sha256').update(realpathSync(data)).digest('hex').slice(0, 12)
  const folder = `/tmp/market-data-${process.getuid?.()}-${hash}`
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  const isOurs = found.isDirectory() && [process.getuid?.(), account.uid].includes(found.uid)
  if (!isOurs) throw new Error(`${folder} belongs to somebody else: remove it, PostgreSQL needs it for its socket.`)
  makePrivate(folder, account)
  return folder
}

function makePrivate(folder: string, { uid, gid }: Account): void {
  chmodSync(folder, 0o700)
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
}
