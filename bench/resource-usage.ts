import { readdirSync, readFileSync } from 'node:fs'
import { numberIn } from './processes.ts'

/** The resources of one or more processes, as the kernel reports them. */
export type Usage = { readonly cpuSeconds: number; readonly bytes: number; readonly descriptors: number }

/** /proc counts in hundredths of a second, on every Linux. */
const TICKS = 100

/** The usage of a process, and with `withDescendants` of every process it started, including those that have ended. */
export function usageOf(pid: number, { withDescendants }: { readonly withDescendants: boolean }): Usage {
  const pids = withDescendants ? withDescendantsOf(pid) : [pid]
  return pids.map((one) => usageOfOne(one, withDescendants)).reduce(sum, NOTHING)
}

const NOTHING: Usage = { cpuSeconds: 0, bytes: 0, descriptors: 0 }

const sum = (a: Usage, b: Usage): Usage => ({
  cpuSeconds: a.cpuSeconds + b.cpuSeconds,
  bytes: a.bytes + b.bytes,
  descriptors: a.descriptors + b.descriptors,
})

/** A descendant may end while it is inspected; its parent then accounts for it. */
function usageOfOne(pid: number, withEnded: boolean): Usage {
  try {
    return readUsage(pid, withEnded)
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return NOTHING
    throw error
  }
}

function readUsage(pid: number, withEnded: boolean): Usage {
  const fields = fieldsOf(pid)
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
  const ended = withEnded ? endedUser + endedSystem : 0
  return {
    cpuSeconds: (user + system + ended) / TICKS,
    // Proportional: memory that PostgreSQL's processes share counts once.
    bytes: 1024 * numberIn(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), /^Pss: +(\d+)/m),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}

/** CPU seconds that a process has used in all its threads, in steps of 10 ms; without the processes that it started. */
export function cpuSecondsOf(pid: number): number {
  const [user = 0, system = 0] = fieldsOrNone(pid).slice(11, 13).map(Number)
  return (user + system) / TICKS
}

/** CPU seconds of everything that a process started, including what has ended; without the process itself. */
export function cpuSecondsBelow(pid: number): number {
  const below = withDescendantsOf(pid).filter((one) => one !== pid)
  return sumOf(below.map(cpuSecondsOf)) + sumOf([pid, ...below].map(cpuSecondsOfEnded))
}

/** CPU seconds of the programs that a process started and that have ended. */
export function cpuSecondsOfEnded(pid: number): number {
  const [user = 0, system = 0] = fieldsOrNone(pid).slice(13, 15).map(Number)
  return (user + system) / TICKS
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

function withDescendantsOf(pid: number): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const parents = new Map(all.map((one) => [one, parentOf(one)]))
  const isIncluded = (one: number): boolean => one === pid || (one > 1 && isIncluded(parents.get(one) ?? 0))
  return all.filter(isIncluded)
}

/** 0 for a process that has ended. */
export function parentOf(pid: number): number {
  return Number(fieldsOrNone(pid)[1] ?? 0)
}

/** None for a process that has ended; its parent then accounts for it. */
function fieldsOrNone(pid: number): string[] {
  try {
    return fieldsOf(pid)
  } catch {
    return []
  }
}

/** The fields of /proc/PID/stat from the state on; the program's name before it may contain anything. */
function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
