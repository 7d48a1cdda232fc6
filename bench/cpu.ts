import { cpuSecondsBelow, cpuSecondsOf, cpuSecondsOfEnded } from './resource-usage.ts'
import type { Sample } from './interleave.ts'

/** Who spends CPU time: the program that is measured, the processes of its database, or the load generator. */
export type Spender = 'program' | 'postgres' | 'client'

/** Microseconds of CPU time for one operation. */
export type Cpu = Readonly<Partial<Record<Spender, number>>>

/** Reads how many CPU seconds each has used so far. */
export type Meters = Readonly<Partial<Record<Spender, () => number>>>

/** What a piece of work did, and how fast. */
export type Work = { readonly operations: number; readonly perSecond: number }

/** Does the work and measures the CPU time of each operation beside its rate. Nothing else of ours may run meanwhile. */
export async function measured(meters: Meters, work: () => Promise<Work>): Promise<Sample> {
  const entries = Object.entries(meters)
  const before = entries.map(([, read]) => read())
  const { operations, perSecond } = await work()
  const cpu = entries.map(([spender, read], at) => [spender, ((read() - (before[at] ?? 0)) * 1e6) / operations])
  return { figure: perSecond, cpu: Object.fromEntries(cpu) as Cpu }
}

export type Pids = {
  readonly pid: number
  /** The process that started PostgreSQL's: the service itself, if its database is embedded. */
  readonly postmaster?: number
}

/** A server that `wrk` requests, with its PostgreSQL if it has one. */
export function serverMeters({ pid, postmaster }: Pids): Meters {
  const postgres = postmaster === undefined ? {} : { postgres: () => cpuSecondsBelow(postmaster) }
  return { program: () => cpuSecondsOf(pid), ...postgres, client: finishedPrograms }
}

/** Code of ours in this process. */
export function ownMeters(postmaster: number): Meters {
  return { program: () => cpuSecondsOf(process.pid), postgres: () => cpuSecondsBelow(postmaster) }
}

/** A program that runs to its end, such as `pgbench`. */
export function programMeters(postmaster: number): Meters {
  return { program: finishedPrograms, postgres: () => cpuSecondsBelow(postmaster) }
}

function finishedPrograms(): number {
  return cpuSecondsOfEnded(process.pid)
}
