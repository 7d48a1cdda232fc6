import { setTimeout as sleep } from 'node:timers/promises'
import type { Target } from './crash-targets.ts'

const KINDS = ['SIGKILL', 'SIGTERM', 'frozen'] as const
type Kind = (typeof KINDS)[number]

/** One fault, and the time from the signal, or from the end of the freeze, until the target worked again. */
export type Fault = {
  readonly part: string
  readonly kind: Kind
  readonly frozenMs: number
  readonly recoveryMs: number
}

type Needs = {
  readonly targets: readonly Target[]
  /** Rounded up, so that every part gets every kind of fault equally often. */
  readonly count: number
  readonly random: () => number
  /** Resolves when the next fault is due. */
  readonly pause: (faultsSoFar: number) => Promise<void>
}

/** Injects faults one after another, some while other targets are still down; resolves when all have recovered. */
export async function injectFaults({ targets, count, random, pause }: Needs): Promise<readonly Fault[]> {
  const faults: Promise<Fault>[] = []
  const busy = new Map<Target, Promise<unknown>>()
  for (const { part, kind } of schedule(targets, count, random)) {
    await pause(faults.length)
    const candidates = targets.filter((target) => target.part === part)
    const target = candidates[Math.floor(random() * candidates.length)]!
    // A target must have recovered from its previous fault.
    await busy.get(target)
    const fault = inject(target, kind, random)
    busy.set(target, fault)
    faults.push(fault)
  }
  return Promise.all(faults)
}

/** Rounds of every kind of fault for every part, each round in random order. */
function schedule(targets: readonly Target[], count: number, random: () => number) {
  const parts = [...new Set(targets.map(({ part }) => part))]
  const round = parts.flatMap((part) => KINDS.map((kind) => ({ part, kind })))
  const rounds = Array.from({ length: Math.ceil(count / round.length) }, () =>
    round.map((one) => ({ one, rank: random() })).toSorted((a, b) => a.rank - b.rank),
  )
  return rounds.flat().map(({ one }) => one)
}

async function inject(target: Target, kind: Kind, random: () => number): Promise<Fault> {
  const frozenMs = kind === 'frozen' ? freezeMs(random) : 0
  if (kind === 'frozen') {
    target.freeze()
    await sleep(frozenMs)
  }
  const since = performance.now()
  if (kind === 'frozen') target.thaw()
  else await target.end(kind)
  await target.recovered()
  return { part: target.part, kind, frozenMs, recoveryMs: performance.now() - since }
}

/** Two of five freezes outlast a lease and the session of a Kafka consumer. */
function freezeMs(random: () => number): number {
  return random() < 0.4 ? 7_000 + 3_000 * random() : 200 + 2_000 * random()
}
