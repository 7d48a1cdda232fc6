import type { Logger } from 'pino'
import { isDiskFull, toServiceError } from '../http/server/to-service-error.ts'

/** Says once that the storage fails and once that it works again, however often it is asked meanwhile. */
export type StorageWatch = {
  /** The same functions, watched. Each gives a promise; what is no function stays as it is. */
  reads<T extends object>(functions: T): T
  /** As `reads`; a success also shows that the disk has room again. */
  writes<T extends object>(functions: T): T
  /** For loops that try again and again: what the watch says by itself goes to `debug`. */
  readonly log: { warn(details: object, message: string): void }
}

type Needs = {
  readonly log: Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>
  /** Where the data lies, for people. */
  readonly location: string
}

export function createStorageWatch({ log, location }: Needs): StorageWatch {
  let [isAway, isFull] = [false, false]

  function failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (isDiskFull(error)) {
      if (!isFull) log.error({ reason }, `The disk is full: make room for ${location}.`)
      isFull = true
    } else if (isOfStorage(error)) {
      if (!isAway) log.warn({ reason }, 'The database does not answer.')
      isAway = true
    }
  }

  function worked(hasWritten: boolean): void {
    if (isAway) log.info('The database answers again.')
    isAway = false
    if (!hasWritten) return
    if (isFull) log.info('The disk has room again.')
    isFull = false
  }

  const watched = (act: Act, isWrite: boolean): Act => {
    return async (...words) => {
      try {
        const result = await act(...words)
        worked(isWrite)
        return result
      } catch (error) {
        failed(error)
        throw error
      }
    }
  }

  const all = <T extends object>(functions: T, isWrite: boolean): T => {
    const entries = Object.entries(functions as Record<string, unknown>)
    return Object.fromEntries(
      entries.map(([name, one]) => [name, typeof one === 'function' ? watched(one as Act, isWrite) : one]),
    ) as T
  }

  return {
    reads: (functions) => all(functions, false),
    writes: (functions) => all(functions, true),
    log: {
      warn: (details, message) => {
        const level = 'err' in details && isOfStorage(details.err) ? 'debug' : 'warn'
        log[level](details, message)
      },
    },
  }
}

type Act = (...words: unknown[]) => Promise<unknown>

function isOfStorage(error: unknown): boolean {
  return toServiceError(error).code === 'storage_unavailable'
}
