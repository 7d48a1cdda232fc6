import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The content of a postmaster's `postmaster.pid`. */
export type PidFile = {
  readonly pid: number
  readonly port: number
  readonly socket: string
  readonly ready: boolean
}

export function readPidFile(data: string): PidFile | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8')
      .split('\n')
      .map((line) => line.trim())
    const ready = lines[7]?.startsWith('ready') ?? false
    return { pid: Number(lines[0]), port: Number(lines[3]), socket: lines[4] ?? '', ready }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The postmaster that serves this data directory now. After a crash the file stays, and its pid may be another program's. */
export async function runningPostmaster(data: string): Promise<PidFile | undefined> {
  const file = readPidFile(data)
  return file !== undefined && isAlive(file.pid) && (await worksIn(file.pid, data)) ? file : undefined
}

/**
 * Stops a postmaster that outlived its holder, and the remaining processes of one that was killed: PostgreSQL starts no
 * second server while a query of the first runs. Only the holder of the state directory may call it.
 */
export async function clearOrphans(data: string): Promise<void> {
  const orphan = await runningPostmaster(data)
  if (orphan !== undefined) await stopProcess(orphan.pid, 'SIGINT')
  for (const pid of postgresIn(data)) await stopProcess(pid, 'SIGQUIT')
  rmSync(join(data, 'postmaster.pid'), { force: true })
}

/** After ten seconds by an immediate shutdown, from which PostgreSQL recovers at its next start. */
async function stopProcess(pid: number, signal: NodeJS.Signals): Promise<void> {
  sendSignal(pid, signal)
  for (let tries = 0; isAlive(pid); tries++) {
    if (tries === 400) sendSignal(pid, 'SIGQUIT')
    if (tries > 800) throw new Error(`A PostgreSQL from before a crash (process ${pid}) does not stop.`)
    await sleep(25)
  }
}

/** Ignores that the process has ended: it may do so at any moment. */
function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

export function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The working directory of a postmaster is its data directory; without /proc, its command line names that. */
async function worksIn(pid: number, data: string): Promise<boolean> {
  if (existsSync('/proc/self')) return folderOf(pid) === realpathSync(data)
  const { stdout } = await run('/bin/ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }))
  return stdout.includes(data)
}

/** Linux only: elsewhere they end soon after their postmaster by themselves, except during a long query. */
function postgresIn(data: string): number[] {
  if (!existsSync('/proc/self')) return []
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => folderOf(pid) === realpathSync(data) && programOf(pid) === 'postgres')
}

const folderOf = (pid: number) => readLink(`/proc/${pid}/cwd`)
const programOf = (pid: number) => basename(readLink(`/proc/${pid}/exe`) ?? '')

/** Undefined for a process that has ended or belongs to another account. */
function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
