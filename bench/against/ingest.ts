import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { measured, type Work } from '../cpu.ts'
import { cpuSecondsBelow, cpuSecondsOf } from '../resource-usage.ts'
import { interleaveSamples, type Sample, type Scale } from '../interleave.ts'
import type { Workload } from '../ingest.ts'
import { startServer } from '../postgres.ts'
import { migrateOf } from './checkout.ts'
import type { Change, Folders } from './compare.ts'

/** Durable prices per second, with the ingest of each version in a process of its own. */
export async function compareIngest({ before, now }: Folders, scale: Scale): Promise<readonly Change[]> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startServer())
  const start = async (folder: string) => {
    const { url, postmaster } = await server.createDatabase(await migrateOf(folder))
    return stack.use(await startIngest({ folder, url, postmaster }))
  }
  const [older, newer] = [await start(before), await start(now)]
  const changes: Change[] = []
  for (const [size, workers] of LOADS) {
    const load = { size, workers, seconds: scale.seconds }
    const samples = await interleaveSamples(scale, { before: () => older.ingest(load), now: () => newer.ingest(load) })
    changes.push({ what: `durable ingest, replies of ${size}, ${workers} workers`, unit: 'prices/s', ...samples })
  }
  return changes
}

/** Prices in a reply, and workers. */
const LOADS = [
  [500, 4],
  [100, 4],
  [1, 4],
  [1, 16],
] as const

const PROGRAM = fileURLToPath(new URL('ingest-process.ts', import.meta.url))

type Place = { readonly folder: string; readonly url: string; readonly postmaster: number }
type Ingesting = AsyncDisposable & { ingest(load: Workload): Promise<Sample> }

async function startIngest({ folder, url, postmaster }: Place): Promise<Ingesting> {
  const child = fork(PROGRAM, [folder, url])
  await once(child, 'message')
  const run = async (load: Workload): Promise<Work> => {
    child.send(load)
    const [work] = (await Promise.race([once(child, 'message'), failsWith(child)])) as [Work]
    return work
  }
  const meters = { program: () => cpuSecondsOf(child.pid ?? 0), postgres: () => cpuSecondsBelow(postmaster) }
  return {
    ingest: (load) => measured(meters, () => run(load)),
    [Symbol.asyncDispose]: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function failsWith(child: ReturnType<typeof fork>): Promise<never> {
  const [code] = await once(child, 'exit')
  throw new Error(`the ingest of one version ended with ${String(code)}`)
}
