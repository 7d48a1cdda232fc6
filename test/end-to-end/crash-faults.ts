import { setTimeout as sleep } from 'node:timers/promises'
import type { Victim } from './crash-targets.ts'

const KINDS = ['SIGKILL', 'SIGTERM', 'frozen'] as const
type Kind = (typeof KINDS)[number]

/** One fault, and how long it took from the signal, or from its waking, until the victim worked again. */
export type Fault = { readonly part: string; readonly kind: Kind; readonly frozenMs: number; readonly backMs: number }

type Needs = {
  readonly victims: readonly Victim[]
  /** Rounded up, so that every part has every kind of fault equally often. */
  readonly count: number
  readonly random: () => number
  /** Resolves when it is time for the next one. */
  readonly pause: (faultsSoFar: number) => Promise<void>
}

/** Hurts one victim after the other, some while others are still down; resolves when all are back. */
export async function strikeAll({ victims, count, random, pause }: Needs): Promise<readonly Fault[]> {
  const faults: Promise<Fault>[] = []
  const busy = new Map<Victim, Promise<unknown>>()
  for (const { part, kind } of schedule(victims, count, random)) {
    await pause(faults.length)
    const candidates = victims.filter((victim) => victim.part === part)
    const victim = candidates[Math.floor(random() * candidates.length)]!
    // A new wound only for who has recovered from the last one.
    await busy.get(victim)
    const fault = strike(victim, kind, random)
    busy.set(victim, fault)
    faults.push(fault)
  }
  return Promise.all(faults)
}

/** Round after round of every kind for every part, each in an order of its own. */
function schedule(victims: readonly Victim[], count: number, random: () => number) {
  const parts = [...new Set(victims.map(({ part }) => part))]
  const round = parts.flatMap((part) => KINDS.map((kind) => ({ part, kind })))
  const rounds = Array.from({ length: Math.ceil(count / round.length) }, () =>
    round.map((one) => ({ one, order: random() })).toSorted((a, b) => a.order - b.order),
  )
  return rounds.flat().map(({ one }) => one)
}

async function strike(victim: Victim, kind: Kind, random: () => number): Promise<Fault> {
  const frozenMs = kind === 'frozen' ? freezeMs(random) : 0
  if (kind === 'frozen') {
    victim.freeze()
    await sleep(frozenMs)
  }
  const since = performance.now()
  if (kind === 'frozen') victim.thaw()
  else await victim.end(kind)
  await victim.back()
  return { part: victim.part, kind, frozenMs, backMs: performance.now() - since }
}

/** Two of five longer than a lease lasts, and longer than Kafka keeps a silent member. */
function freezeMs(random: () => number): number {
  return random() < 0.4 ? 7_000 + 3_000 * random() : 200 + 2_000 * random()
}
