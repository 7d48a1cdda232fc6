import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDiskFull } from '../connection/errors.ts'
import { makeFolder } from './data-dir.ts'
import { dataFolder, prepareCluster, type Cluster } from './cluster.ts'
import { runningPostmaster } from './pid-file.ts'
import { startPostmaster, type Postmaster, type PostmasterOptions } from './postmaster.ts'

export type Connection = {
  /** The folder of the Unix socket, which is how `pg` takes one. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

export type EmbeddedOptions = Omit<PostmasterOptions, 'signal'> & {
  /** The state directory; one process at a time. */
  readonly state: string
  /** Where the binaries are unpacked: the state directory, unless several share one copy. */
  readonly binaries?: string
}

export type Embedded = Postmaster & { readonly connection: Connection }

/**
 * A real PostgreSQL as our child, on a private Unix socket. It dies with us, however we die; what it acknowledged
 * stays. Rejects at once where another process holds the directory, and says in one sentence what to do where no
 * binary fits the machine or the disk is full.
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

/** The server that serves a state directory now, whoever holds it: for commands beside a running service. */
export async function findRunning(state: string): Promise<Connection | undefined> {
  const running = await runningPostmaster(dataFolder(state))
  return running?.ready === true ? connectionTo(running.socket) : undefined
}

export type HeldCluster = { readonly cluster: Cluster; readonly release: () => void }

/** Takes the state directory for this process alone, and makes ready what a postmaster needs. */
export async function holdCluster({ state, binaries = state }: EmbeddedOptions): Promise<HeldCluster> {
  makeFolder(state)
  makeFolder(binaries)
  const unlock = lock(state)
  let held = true
  try {
    const cluster = await prepareCluster(resolve(state), resolve(binaries))
    const release = () => {
      // Once only: the socket may be the next holder's by now.
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

/** SQLite's lock is the kernel's: however we die, it is released, and no pid has to be judged. */
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

export function connectionTo(socket: string): Connection {
  return { host: socket, port: 5432, user: 'postgres', database: 'postgres' }
}
