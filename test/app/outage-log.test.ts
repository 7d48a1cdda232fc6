import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStorageWatch } from '../../src/app/outage-log.ts'

const AWAY = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
const FULL = Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' })

/** A storage that fails as the test says, and the lines that were logged. */
function createStorage() {
  const lines: string[] = []
  const note = (level: string) => (details: unknown, message?: string) =>
    void lines.push(`${level}: ${message ?? String(details)}`)
  const log = { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') }
  const watch = createStorageWatch({ log: log as never, location: '/data' })
  let failure: Error | undefined
  const act = async () => {
    if (failure) throw failure
    return 1
  }
  const { read } = watch.reads({ read: act })
  const { write } = watch.writes({ write: act })
  return { lines, watch, read, write, fails: (error: Error | undefined) => void (failure = error) }
}

test('a database that is away is told once, however many ask, and once more when it answers again', async () => {
  const { lines, read, write, fails } = createStorage()
  fails(AWAY)
  for (const ask of [read, write, read]) await assert.rejects(ask(), AWAY)
  fails(undefined)
  assert.deepEqual([await read(), await write()], [1, 1])
  assert.deepEqual(lines, ['warn: The database does not answer.', 'info: The database answers again.'])
})

test('a full disk is an error that names the place, once, until something can be written again', async () => {
  const { lines, read, write, fails } = createStorage()
  for (let times = 1; times <= 3; times++) {
    fails(FULL)
    await assert.rejects(write(), FULL)
    fails(undefined)
    await read()
  }
  assert.deepEqual(lines, ['error: The disk is full: make room for /data.'])
  await write()
  assert.equal(lines.at(-1), 'info: The disk has room again.')
})

test('what is wrong with a request says nothing of the storage, and a loop may still warn of it', async () => {
  const { lines, watch, read, fails } = createStorage()
  fails(new Error('a mistake of ours'))
  await assert.rejects(read())
  watch.log.warn({ err: new Error('a mistake of ours') }, 'mistaken')
  watch.log.warn({ err: AWAY }, 'jobs cannot be read now')
  assert.deepEqual(lines, ['warn: mistaken', 'debug: jobs cannot be read now'])
})
