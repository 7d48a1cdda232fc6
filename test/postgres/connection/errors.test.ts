import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import {
  driverErrorOf,
  isDataException,
  isDiskFull,
  storageFailureOf,
  toStorageError,
  type StorageFailure,
} from '../../../src/postgres/connection/errors.ts'

const SOURCES = join(import.meta.dirname, '../../../src')

const withCode = (code: string, message = 'failed') => Object.assign(new Error(message), { code })

const FAILURES: readonly (readonly [Error, StorageFailure])[] = [
  [withCode('53100'), 'disk_full'],
  [withCode('58030', 'could not write to file "pg_wal/x": No space left on device'), 'disk_full'],
  [withCode('ENOSPC'), 'disk_full'],
  [withCode('08006'), 'unavailable'],
  [withCode('57P03'), 'unavailable'],
  [withCode('57014'), 'unavailable'],
  [withCode('ECONNREFUSED'), 'unavailable'],
  [new Error('Query read timeout'), 'unavailable'],
  [new Error('Connection terminated unexpectedly'), 'unavailable'],
  [new Error('Cannot use a pool after calling end on the pool'), 'unavailable'],
]

test('a failure of the storage becomes an error that callers may see, and is still known by its cause', () => {
  for (const [error, failure] of FAILURES) {
    const translated = toStorageError(error)
    assert.ok(translated instanceof ServiceError, error.message)
    assert.equal(translated.code, 'storage_unavailable')
    assert.equal(driverErrorOf(translated), error)
    assert.deepEqual([storageFailureOf(error), storageFailureOf(translated)], [failure, failure], error.message)
    assert.equal(isDiskFull(translated), failure === 'disk_full')
    assert.equal(toStorageError(translated), translated)
  }
})

test('every other error stays as it is', () => {
  const others = [withCode('23503'), withCode('42501'), withCode('22008'), new Error('ours'), 'text', undefined]
  for (const error of others) {
    assert.equal(toStorageError(error), error)
    assert.equal(storageFailureOf(error), undefined)
  }
  const refusal = new ServiceError('conflict', 'No space left on device')
  assert.deepEqual([toStorageError(refusal), storageFailureOf(refusal)], [refusal, undefined])
})

test('a value that PostgreSQL refuses is distinguished from an outage', () => {
  assert.ok(isDataException(withCode('22008')))
  assert.ok(isDataException(withCode('22P05')))
  assert.ok(!isDataException(withCode('57P01')))
  assert.ok(!isDataException({ code: '22008' }))
})

/** Quoted as a whole, or as a class in a pattern. */
const SQLSTATE = /(['"`])(?=[0-9A-Z]*\d)[0-9A-Z]{5}\1|\b[0-9][0-9A-Z]\\w\{3\}|\bSQLSTATE\b/

test('no file outside src/postgres knows a SQLSTATE', () => {
  assert.match(readFileSync(join(SOURCES, 'postgres/connection/errors.ts'), 'utf8'), SQLSTATE)
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const wrong = files.filter(
    (name) => !name.startsWith('postgres/') && SQLSTATE.test(readFileSync(join(SOURCES, name), 'utf8')),
  )
  assert.deepEqual(wrong, [])
})
