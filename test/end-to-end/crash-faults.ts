import { setTimeout as sleep } from 'node:timers/promises'
import type { Target } from './crash-targets.ts'

const KINDS = ['SIGKILL', 'SIGTERM', 'frozen'] as const
type Kind = (typeof KINDS)[number]

/** One fault, and how long it took from the signal, or from its waking, until the target worked again. */
export type Fault = { readonly part: string; readonly kind: Kind; readonly frozenMs: number; readonly backMs: number }

type Needs = {
  readonly targets: readonly Target[]
  /** Rounded up, so that every part has every kind of fault equally often. */
  readonly count: number
  readonly random: () => number
  /** Resolves when it is time for the next one. */
  readonly pause: (faultsSoFar: number) => Promise<void>
}

/** Hurts one target after the other, some while others are still down; resolves when all are back. */
export async function strikeAll({ targets, count, random, pause }: Needs): Promise<readonly Fault[]> {
  const faults: Promise<Fault>[] = []
  const busy = new Map<Target, Promise<unknown>>()
  for (const { part, kind } of schedule(targets, count, random)) {
    await pause(faults.length)
    const candidates = targets.filter((target) => target.part === part)
    const target = candidates[Math.floor(random() * candidates.length)]!
    // A new wound only for who has recovered from the last one.
    await busy.get(target)
    const fault = strike(target, kind, random)
    busy.set(target, fault)
    faults.push(fault)
  }
  return Promise.all(faults)
}

/** Round after round of every kind for every part, each in an order of its own. */
function schedule(targets: readonly Target[], count: number, random: () => number) {
  const parts = [...new Set(targets.map(({ part }) => part))]
  const round = parts.flatMap((part) => KINDS.map((kind) => ({ part, kind })))
  const rounds = Array.from({ length: Math.ceil(count / round.length) }, () =>
    round.map((one) => ({ one, order: random() })).toSorted((a, b) => a.order - b.order),
  )
  return rounds.flat().map(({ one }) => one)
}

async function strike(target: Target, kind: Kind, random: () => number): Promise<Fault> {
  const frozenMs = kind === 'frozen' ? freezeMs(random) : 0
  if (kind === 'frozen') {
    target.freeze()
    await sleep(frozenMs)
  }
  const since = performance.now()
  if (kind === 'frozen') target.thaw()
  else await target.end(kind)
  await target.back()
  return { part: target.part, kind, frozenMs, backMs: performance.now() - since }
}

/** Two of five longer than a lease lasts, and longer than Kafka keeps a silent member. */
function freezeMs(random: () => number): number {
  return random() < 0.4 ? 7_000 + 3_000 * random() : 200 + 2_000 * random()
}
