import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDiskFull } from '../connection/errors.ts'
import type { SocketConnection } from '../connection/pool.ts'
import { makeFolder } from './data-dir.ts'
import { dataFolder, prepareCluster, type Cluster } from './cluster.ts'
import { runningPostmaster } from './pid-file.ts'
import { startPostmaster, type Postmaster, type PostmasterOptions } from './postmaster.ts'

export type EmbeddedOptions = Omit<PostmasterOptions, 'signal'> & {
  /** The state directory; one process at a time. */
  readonly state: string
  /** Where the binaries are unpacked: the state directory, unless several share one copy. */
  readonly binaries?: string
}

export type Embedded = Postmaster & { readonly connection: SocketConnection }

/**
 * A real PostgreSQL as a child of this process, on a private Unix socket. It ends with this process, however that dies; what
 * it acknowledged is kept.
 * @throws Error at once if another process holds the directory, and with the remedy if no binary fits the machine or the
 * disk is full
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { cluster, release } = await holdCluster(options)
  const postmaster = await startPostmaster(cluster, options).catch((error: unknown) => {
    release()
    throw error
  })
  const stop = async () => {
    await postmaster.stop()
    release()
  }
  return { ...postmaster, connection: connectionTo(cluster.socket), stop }
}

/** The server of a state directory, if one runs, whichever process holds it: for commands beside a running service. */
export async function findRunning(state: string): Promise<SocketConnection | undefined> {
  const running = await runningPostmaster(dataFolder(state))
  return running?.ready === true ? connectionTo(running.socket) : undefined
}

export type HeldCluster = { readonly cluster: Cluster; readonly release: () => void }

/** Locks the state directory for this process, and prepares what a postmaster needs. */
export async function holdCluster({ state, binaries = state }: EmbeddedOptions): Promise<HeldCluster> {
  makeFolder(state)
  makeFolder(binaries)
  const unlock = lock(state)
  let held = true
  try {
    const cluster = await prepareCluster(resolve(state), resolve(binaries))
    const release = () => {
      // Once only: the socket may belong to the next holder already.
      if (!held) return
      held = false
      rmSync(cluster.socket, { recursive: true, force: true })
      unlock()
    }
    return { cluster, release }
  } catch (error) {
    unlock()
    throw isDiskFull(error) ? new Error(`The disk is full: make room for ${state}.`, { cause: error }) : error
  }
}

/** SQLite's lock is one of the kernel: it is released however the process dies, and no pid has to be checked. */
function lock(state: string): () => void {
  const file = new DatabaseSync(join(state, 'lock'))
  try {
    file.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    file.close()
    const isBusy = (error as { errcode?: number }).errcode === SQLITE_BUSY
    throw isBusy
      ? new Error(`Another process uses ${state}: stop it, or set another DATA_DIR.`, { cause: error })
      : error
  }
  return () => file.close()
}

const SQLITE_BUSY = 5

export function connectionTo(socket: string): SocketConnection {
  return { host: socket, port: 5432, user: 'postgres', database: 'postgres' }
}
