import { ServiceError } from '../../errors.ts'

/** How a storage fails: its disk is full, or it is unavailable (gone, starting, overloaded, read-only, too slow). */
export type StorageFailure = 'disk_full' | 'unavailable'

const INSUFFICIENT_PRIVILEGE = '42501'
const FOREIGN_KEY_VIOLATION = '23503'
const LOCK_NOT_AVAILABLE = '55P03'
const DISK_FULL = '53100'
/** Class 22. */
const DATA_EXCEPTION = /^22\w{3}$/

/**
 * Of PostgreSQL: connection exceptions (08), insufficient resources (53), shutdown and start (57P), cancelled or too slow
 * (57014, 55P03, 25P), read-only (25006), and transactions that lost against another (40001, 40P01). Of the socket: the rest.
 */
const STORAGE_CODES =
  /^(?:08\w{3}|53\w{3}|57P0[1-5]|57014|55P03|25P0[234]|25006|40001|40P01|ECONN\w+|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/
/** `pg` gives these errors no code. */
const STORAGE_MESSAGES =
  /timeout exceeded when trying to connect|connection terminated|connection error and is not queryable|query read timeout|after calling end on the pool/i
const QUERY_TIMEOUT = 'Query read timeout'

/** The same error as a caller may see it if the storage failed; any other error as it is. */
export function toStorageError(error: unknown): unknown {
  const failure = error instanceof ServiceError ? undefined : storageFailureOf(error)
  if (failure === undefined) return error
  const detail = failure === 'disk_full' ? 'The disk is full.' : 'The database does not answer.'
  return new ServiceError('storage_unavailable', detail, { cause: error })
}

/** How the storage failed; undefined for an error of another kind. Knows an error before and after `toStorageError`. */
export function storageFailureOf(error: unknown): StorageFailure | undefined {
  if (error instanceof ServiceError && error.code !== 'storage_unavailable') return undefined
  if (isDiskFull(error)) return 'disk_full'
  const { code = '', message = '' } = partsOf(error)
  const isUnavailable = error instanceof ServiceError || STORAGE_CODES.test(code) || STORAGE_MESSAGES.test(message)
  return isUnavailable ? 'unavailable' : undefined
}

/** What `pg` threw: the innermost cause of an error that left the pool as a `ServiceError`, or the error itself. */
export function driverErrorOf(error: unknown): unknown {
  return error instanceof ServiceError && error.cause !== undefined ? driverErrorOf(error.cause) : error
}

/** Whether an error reports a full disk: PostgreSQL has several codes for it, and always the system's words. */
export function isDiskFull(error: unknown): boolean {
  const { code, message = '' } = partsOf(driverErrorOf(error))
  return code === DISK_FULL || code === 'ENOSPC' || reportsFullDisk(message)
}

/** Whether a text of PostgreSQL or of the system reports a full disk. */
export function reportsFullDisk(text: string): boolean {
  return /No space left on device|\bENOSPC\b/.test(text)
}

/** Whether PostgreSQL refused a value ("data exception"): the same statement fails again. */
export function isDataException(error: unknown): error is Error {
  return error instanceof Error && DATA_EXCEPTION.test(partsOf(error).code ?? '')
}

/** Whether a row refers to one that does not exist. */
export function isForeignKeyViolation(error: unknown): boolean {
  return partsOf(error).code === FOREIGN_KEY_VIOLATION
}

/** Whether another session kept a lock for longer than the statement may wait. */
export function isLockTimeout(error: unknown): boolean {
  return partsOf(driverErrorOf(error)).code === LOCK_NOT_AVAILABLE
}

/** Whether the user lacks a right that the statement needs. */
export function isPermissionDenied(error: unknown): boolean {
  return partsOf(error).code === INSUFFICIENT_PRIVILEGE
}

/** Whether `pg` stopped waiting for a reply: the statement may still run. */
export function isQueryTimeout(error: unknown): boolean {
  return partsOf(driverErrorOf(error)).message === QUERY_TIMEOUT
}

/** Whether the storage failed such that nobody knows what became of the statement. What PostgreSQL itself refused was not done. */
export function isOutage(error: unknown): boolean {
  return storageFailureOf(error) !== undefined && partsOf(driverErrorOf(error)).severity !== 'ERROR'
}

/** What `pg`, node:net and node:fs put on their errors. */
type Parts = { readonly code?: string; readonly message?: string; readonly severity?: string }

function partsOf(error: unknown): Parts {
  return typeof error === 'object' && error !== null ? error : {}
}
