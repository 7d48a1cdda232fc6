import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf } from '../../../src/app/commands/problems.ts'
import { ConfigError } from '../../../src/app/config.ts'
import { ServiceError } from '../../../src/errors.ts'
import { toStorageError } from '../../../src/postgres/connection/errors.ts'

test('a command reports why the database failed, and every other error as it is', () => {
  const timeout = Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' })
  const failed = toStorageError(timeout)
  const named = new ServiceError('storage_unavailable', 'DATABASE_URL: no PostgreSQL answers.', { cause: failed })
  assert.deepEqual(problemsOf(failed), ['The database does not answer (canceling statement due to statement timeout).'])
  assert.deepEqual(problemsOf(named), ['DATABASE_URL: no PostgreSQL answers.'])
  assert.deepEqual(problemsOf(new ServiceError('not_found', 'No key 7 exists.')), ['No key 7 exists.'])
  assert.deepEqual(problemsOf(new ConfigError(['one', 'two'])), ['one', 'two'])
})
