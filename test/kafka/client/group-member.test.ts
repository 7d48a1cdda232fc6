import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { CLASSIC } from '../../../src/kafka/client/group-protocol.ts'
import { joinGroup } from '../../../src/kafka/client/group-member.ts'

for (const protocol of [{ groupProtocol: 'consumer' }, CLASSIC] as const) {
  test(`who gives up while joining a group goes in peace (${protocol.groupProtocol} protocol)`, async (t) => {
    const broker = createServer().listen(0, '127.0.0.1')
    await once(broker, 'listening')
    const { port } = broker.address() as AddressInfo
    const access = { clientId: 'test', bootstrapBrokers: [`127.0.0.1:${port}`] }
    const ending = new AbortController()
    const joining = joinGroup({ access, topic: { name: 'prices' }, group: 'averages' }, protocol, ending.signal)
    const [asking] = (await once(broker, 'connection')) as [Socket]
    t.after(() => asking.destroy())
    await once(asking, 'data')
    ending.abort()
    await assert.rejects(joining)
    broker.close()
    if (!asking.destroyed) await once(asking.resume(), 'close')
  })
}
