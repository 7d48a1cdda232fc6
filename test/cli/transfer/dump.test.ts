import assert from 'node:assert/strict'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createDatabaseConnection, urlOf } from '../../support/database.ts'
import { createFolder, runCommand } from '../../support/service-process.ts'

async function createDump(t: TestContext) {
  const file = join(createFolder(), 'backup.gz')
  const env = { DATABASE_URL: urlOf(await createDatabaseConnection(t)) }
  return { file, part: `${file}.part`, run: () => runCommand(['dump', file], { env }) }
}

test('a dump is read by nobody else, also where a part that was left is open to all', async (t) => {
  const { file, part, run } = await createDump(t)
  writeFileSync(part, 'left', { mode: 0o644 })
  assert.equal((await run()).code, 0)
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('a dump that fails leaves no part behind', async (t) => {
  const { file, part, run } = await createDump(t)
  mkdirSync(file)
  assert.equal((await run()).code, 1)
  assert.ok(!existsSync(part))
})
