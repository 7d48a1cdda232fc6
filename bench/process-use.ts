import { readdirSync, readFileSync } from 'node:fs'
import { numberIn } from './processes.ts'

/** What the kernel knows of some processes together. */
export type Use = { readonly cpuSeconds: number; readonly bytes: number; readonly descriptors: number }

/** /proc counts in hundredths of a second, on every Linux. */
const TICKS = 100

/** Of a process, and with `family` of all that it started, also of those that have ended. */
export function useOf(pid: number, { family }: { readonly family: boolean }): Use {
  const pids = family ? familyOf(pid) : [pid]
  return pids.map((one) => useOfOne(one, family)).reduce(sum, NOTHING)
}

const NOTHING: Use = { cpuSeconds: 0, bytes: 0, descriptors: 0 }

const sum = (a: Use, b: Use): Use => ({
  cpuSeconds: a.cpuSeconds + b.cpuSeconds,
  bytes: a.bytes + b.bytes,
  descriptors: a.descriptors + b.descriptors,
})

/** One of the family may end while it is looked at; its parent counts it then. */
function useOfOne(pid: number, withEnded: boolean): Use {
  try {
    return readUse(pid, withEnded)
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return NOTHING
    throw error
  }
}

function readUse(pid: number, withEnded: boolean): Use {
  const fields = fieldsOf(pid)
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
  const ended = withEnded ? endedUser + endedSystem : 0
  return {
    cpuSeconds: (user + system + ended) / TICKS,
    // Proportional: what PostgreSQL's processes share counts once.
    bytes: 1024 * numberIn(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), /^Pss: +(\d+)/m),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}

function familyOf(pid: number): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const parents = new Map(all.map((one) => [one, parentOf(one)]))
  const isOfFamily = (one: number): boolean => one === pid || (one > 1 && isOfFamily(parents.get(one) ?? 0))
  return all.filter(isOfFamily)
}

/** It may have ended meanwhile. */
function parentOf(pid: number): number {
  try {
    return Number(fieldsOf(pid)[1])
  } catch {
    return 0
  }
}

/** Of /proc/PID/stat, from the state on: the program's name before it may hold anything. */
function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
