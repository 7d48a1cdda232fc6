import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holdCluster } from '../../src/postgres/embedded/server.ts'
import { isAlive } from './is-alive.ts'

const MEMORY = '/dev/shm'
const PREFIX = 'market-data-tests-'
/** The databases and brokers of a run need about 2 GB at a time; a container's /dev/shm often has 64 MB. */
const NEEDED_BYTES = 6 * 1024 ** 3

/** Where databases and brokers of tests keep their data. What a process wrote survives its `kill -9` there as on a disk. */
export function dataRoot(): string {
  return process.env['TEST_DATA'] ?? tmpdir()
}

/** A folder for the data of one test run: in memory if there is room, so that no test waits for the disk. */
export function createDataRoot(): { readonly folder: string; remove(): void } {
  const parent = hasCapacity(MEMORY) ? MEMORY : tmpdir()
  removeAbandoned(parent)
  const folder = join(parent, `${PREFIX}${process.pid}`)
  mkdirSync(folder, { mode: 0o755 })
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  return { folder, remove }
}

function hasCapacity(folder: string): boolean {
  if (!existsSync(folder)) return false
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize > NEEDED_BYTES
}

/** Runs that were killed leave their folders. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX) || isAlive(Number(name.slice(PREFIX.length)))) continue
    rmSync(join(parent, name), { recursive: true, force: true })
  }
}

/** The copy of PostgreSQL's programs that every test uses: on a disk, since memory may be mounted without execution. */
export const binaries = join(tmpdir(), `market-data-test-binaries-${process.getuid?.()}`)

/** Creates one empty cluster for the run. @returns its folder, for `copyCluster` */
export async function createCluster(root: string): Promise<string> {
  const state = join(root, 'cluster')
  const { cluster, release } = await holdCluster({ state, binaries, log: () => {} })
  release()
  return cluster.data
}

/** Gives a state directory the cluster of this run, as if `initdb` had just created it there, in a tenth of its time. */
export function copyCluster(state: string): void {
  const cluster = process.env['TEST_CLUSTER']
  // With the owner and the rights of each file.
  if (cluster) execFileSync('cp', ['-a', cluster, state])
}
