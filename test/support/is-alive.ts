import { readFileSync } from 'node:fs'

/** Whether a process runs. A zombie does not: it has exited, and only its parent has not read its exit code yet. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
