import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDataDir, runCommand } from '../../support/service-process.ts'

const FIRST = 'market-data: This is the first key: from now on every request needs one.'

test('the first key warns that it closes the service, and says what it cannot do; later keys do not', async () => {
  const installation = { dataDir: createDataDir() }
  const create = (scope: string) => runCommand(['keys', 'create', '--scope', scope], installation)
  const [first = '', revoking = ''] = (await create('read')).stderr.split('\n')
  assert.ok(first.startsWith(FIRST), first)
  assert.match(first, /cannot create polling jobs or manage keys over HTTP; .*keys create --scope admin$/)
  assert.match(revoking, /^market-data: The key is shown only this once/)
  const second = await create('write')
  assert.doesNotMatch(second.stderr, /first key/)
  assert.match(second.stdout, /^mds_live_\S+\n$/)

  const admin = await runCommand(['keys', 'create', '--scope', 'admin', '--json'], { dataDir: createDataDir() })
  assert.equal(admin.stderr, `${FIRST}\n`)
  assert.equal((JSON.parse(admin.stdout) as { scopes: string[] }).scopes.join(), 'admin')
})

test('keys are listed below a header, with times to the second; without keys there is no header', async () => {
  const installation = { dataDir: createDataDir() }
  const list = () => runCommand(['keys', 'list'], installation)
  assert.equal((await list()).stdout, '')
  await runCommand(['keys', 'create', '-s', 'read', '-n', 'dashboards', '-e', '90d'], installation)
  const [head = '', row = '', ...rest] = (await list()).stdout.split('\n')
  assert.match(head, /^KEY +SCOPE +CREATED +STATUS +NAME$/)
  assert.match(
    row,
    /^\w+ +read +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +valid until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +dashboards$/,
  )
  assert.equal(row.indexOf('valid'), head.indexOf('STATUS'))
  assert.deepEqual(rest, [''])
})
