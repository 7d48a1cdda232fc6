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

/** Everything that is needed to start a postmaster, any number of times, on one data directory. */
export type Cluster = {
  readonly bin: string
  readonly data: string
  /** The folder of the Unix socket; always the same for a data directory, so that clients find a restarted server. */
  readonly socket: string
  readonly account: Account
}

/** A clean environment: none of our variables reach the database, and its messages are English. */
export const ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** Named after the major version: another one cannot read its files. */
export function dataFolder(state: string): string {
  return join(state, 'pg18')
}

/** Creates the copy of the binaries and the cluster if they are missing. Only the holder of the state directory may call it. */
export async function prepareCluster(state: string, binaries: string): Promise<Cluster> {
  const data = dataFolder(state)
  const account = accountFor(data)
  const bin = unpackBinaries(binaries)
  if (!existsSync(join(data, 'PG_VERSION'))) await createCluster(bin, data, account)
  return { bin, data, account, socket: socketFolder(data, account) }
}

/** Only a complete cluster gets the name. Each is created in its own folder: the `initdb` of a killed process may still run. */
async function createCluster(bin: string, data: string, account: Account): Promise<void> {
  const unfinished = mkdtempSync(`${data}.new-`)
  makePrivate(unfinished, account)
  // The built-in locale: an index must not depend on the machine's C library.
  const locale = ['--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '-E', 'UTF8']
  const args = ['-D', unfinished, '-U', 'postgres', '-A', 'trust', '--no-instructions', ...locale]
  const options = { ...account, env: ENVIRONMENT, cwd: unfinished, timeout: 120_000 }
  await run(join(bin, 'initdb'), args, options).catch((error: unknown) => {
    // The binary exists, but not its loader: it is for another C library than that of the machine (musl).
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? noBinary(error) : error
  })
  renameSync(unfinished, data)
  removeUnfinished(data)
}

/** Removes unfinished clusters; with retries, since an `initdb` may still write there. */
function removeUnfinished(data: string): void {
  for (const name of readdirSync(dirname(data))) {
    if (!name.startsWith(`${basename(data)}.new-`)) continue
    rmSync(join(dirname(data), name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}

/** The path of a socket has at most 107 bytes, so it cannot be beside the data. A fixed name leaves no garbage after a crash. */
function socketFolder(data: string, account: Account): string {
  const hash = createHash('sha256').update(realpathSync(data)).digest('hex').slice(0, 12)
  const folder = `/tmp/market-data-${process.getuid?.()}-${hash}`
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  const isOurs = found.isDirectory() && [process.getuid?.(), account.uid].includes(found.uid)
  if (!isOurs) throw new Error(`${folder} belongs to another account: remove it, PostgreSQL needs it for its socket.`)
  makePrivate(folder, account)
  return folder
}

function makePrivate(folder: string, { uid, gid }: Account): void {
  chmodSync(folder, 0o700)
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
}
