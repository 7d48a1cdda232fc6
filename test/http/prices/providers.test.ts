import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

test('the list of providers names what each offers, and which is the default', async (t) => {
  const { ask } = await createHttpService(t)
  const { status, json } = await ask('/providers')
  const [provider] = json().data
  assert.equal(status, 200)
  assert.deepEqual([provider.provider, provider.is_default, provider.can_search], ['scripted', true, true])
  assert.deepEqual(provider.capabilities, { quotes: true, bars: false, stream: false, search: true })
})
