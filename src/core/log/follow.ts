import { repeatUntilAborted, type RetryOptions } from '../../lib/retry.ts'
import type { LogPosition } from './position.ts'

/** How far a reader of the log has come. */
export type Checkpoint = {
  readonly loadCheckpoint: () => Promise<LogPosition>
  readonly saveCheckpoint: (position: LogPosition) => Promise<void>
}

type Positioned = { readonly position: LogPosition }

export type FollowNeeds<Entry extends Positioned> = Checkpoint & {
  /** Reads the entries after a position, oldest first, at most `limit`. */
  readonly readLog: (after: LogPosition, limit: number) => Promise<readonly Entry[]>
  readonly batchSize: number
  /** Resolves once everything that these entries require is done. Entries may come again after a failure. */
  readonly handle: (entries: readonly Entry[], signal: AbortSignal) => Promise<unknown>
  /** Called at the end of the log; resolves when it may have grown. */
  readonly waitForMore: (signal: AbortSignal) => Promise<unknown>
  /** Also waits after a batch that was not full, so that many small writes cost few reads. */
  readonly isPaced?: boolean
}

/**
 * Follows the log until the signal fires: reads a batch, handles it, and only then saves the checkpoint, while the batch
 * after a full one is read ahead. After a failure it resumes from the checkpoint, so an entry may be handled twice and
 * none is skipped. Failures are retried forever.
 */
export async function followLog<Entry extends Positioned>(
  needs: FollowNeeds<Entry> & Omit<RetryOptions, 'maxTries'>,
  signal: AbortSignal,
): Promise<void> {
  await repeatUntilAborted(needs, signal, createFollower(needs, signal))
}

/** As `followLog`, without retries. @throws whatever a read, the handler or the checkpoint throws */
export async function followLogOnce<Entry extends Positioned>(
  needs: FollowNeeds<Entry>,
  signal: AbortSignal,
): Promise<void> {
  const step = createFollower(needs, signal)
  while (!signal.aborted) await step()
}

/** A checkpoint that lasts as long as the process. */
export function createMemoryCheckpoint(start: LogPosition): Checkpoint {
  let reached = start
  return {
    loadCheckpoint: () => Promise.resolve(reached),
    saveCheckpoint: (position) => {
      reached = position
      return Promise.resolve()
    },
  }
}

/** Where the next step starts, and what was read ahead for it. */
type Start<Entry> = Positioned & { readonly ahead?: readonly Entry[] | undefined }

function createFollower<Entry extends Positioned>(needs: FollowNeeds<Entry>, signal: AbortSignal): () => Promise<void> {
  let next: Start<Entry> | undefined
  return async () => {
    const start = next ?? { position: await needs.loadCheckpoint() }
    // If this step fails, the next one starts from the checkpoint, which another process may have moved.
    next = undefined
    next = await followStep(needs, start, signal)
  }
}

async function followStep<Entry extends Positioned>(
  needs: FollowNeeds<Entry>,
  start: Start<Entry>,
  signal: AbortSignal,
): Promise<Start<Entry>> {
  const { readLog, batchSize, handle, saveCheckpoint, waitForMore, isPaced } = needs
  const entries = start.ahead ?? (await readLog(start.position, batchSize))
  const position = entries.at(-1)?.position ?? start.position
  const isFull = entries.length >= batchSize
  // If reading ahead fails, the next step reads again, and reports it.
  const ahead = isFull ? readLog(position, batchSize).catch(() => undefined) : undefined
  if (entries.length > 0) {
    await handle(entries, signal)
    await saveCheckpoint(position)
  }
  if (entries.length === 0 || (isPaced && !isFull)) await waitForMore(signal)
  return { position, ahead: await ahead }
}
