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

test('only the owner can read a dump, even if an earlier partial file was readable by everyone', async (t) => {
  const { file, part, run } = await createDump(t)
  writeFileSync(part, 'left', { mode: 0o644 })
  assert.equal((await run()).code, 0)
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('a failed dump leaves no partial file', async (t) => {
  const { file, part, run } = await createDump(t)
  mkdirSync(file)
  assert.equal((await run()).code, 1)
  assert.ok(!existsSync(part))
})

test('a dump that is not there is named, and no database is created for it', async () => {
  const folder = createFolder()
  const [missing, dataDir] = [join(folder, 'nosuch.gz'), join(folder, 'data')]
  for (const [file, reason] of [
    [missing, `There is no file ${missing}.`],
    [folder, `${folder} is a folder, not a dump.`],
  ] as const) {
    const { code, stderr } = await runCommand(['restore', file], { env: { DATA_DIR: dataDir } })
    assert.notEqual(code, 0)
    assert.ok(stderr.includes(reason), stderr)
    assert.ok(!existsSync(dataDir))
  }
})
