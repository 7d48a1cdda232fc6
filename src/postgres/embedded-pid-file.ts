import { execFile } from 'node:child_process'
import { readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a postmaster says of itself in `postmaster.pid`. */
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

/** The postmaster that serves this data directory now. After a crash the file stays, and its pid may be a stranger's. */
export async function runningPostmaster(data: string): Promise<PidFile | undefined> {
  const file = readPidFile(data)
  return file !== undefined && isAlive(file.pid) && (await worksIn(file.pid, data)) ? file : undefined
}

/**
 * Stops a postmaster that outlived its holder, and removes what it left. Only the holder of the state directory may
 * call it. Processes of a postmaster that died alone are PostgreSQL's own care: it starts no second one beside them.
 */
export async function clearOrphan(data: string): Promise<void> {
  const orphan = await runningPostmaster(data)
  if (orphan !== undefined) await stopProcess(orphan.pid)
  rmSync(join(data, 'postmaster.pid'), { force: true })
}

/** Fast shutdown, and after ten seconds the immediate one, from which PostgreSQL recovers at its next start. */
async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGINT')
  for (let tries = 0; isAlive(pid); tries++) {
    if (tries === 400) process.kill(pid, 'SIGQUIT')
    if (tries > 800) throw new Error(`A PostgreSQL from before a crash (process ${pid}) does not stop.`)
    await sleep(25)
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A postmaster's working directory is its data; where there is no /proc, its command line names it. */
async function worksIn(pid: number, data: string): Promise<boolean> {
  try {
    return realpathSync(`/proc/${pid}/cwd`) === realpathSync(data)
  } catch {
    const { stdout } = await run('/bin/ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }))
    return stdout.includes(data)
  }
}
