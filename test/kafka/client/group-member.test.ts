import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { CLASSIC } from '../../../src/kafka/client/group-protocol.ts'
import { joinGroup } from '../../../src/kafka/client/group-member.ts'

for (const protocol of [{ groupProtocol: 'consumer' }, CLASSIC] as const) {
  test(`a member that is aborted while joining leaves the group cleanly (${protocol.groupProtocol} protocol)`, async (t) => {
    const broker = createServer().listen(0, '127.0.0.1')
    await once(broker, 'listening')
    const { port } = broker.address() as AddressInfo
    const access = { clientId: 'test', bootstrapBrokers: [`127.0.0.1:${port}`] }
    const ending = new AbortController()
    const joining = joinGroup({ access, topic: { name: 'prices' }, group: 'averages' }, protocol, ending.signal)
    const [connection] = (await once(broker, 'connection')) as [Socket]
    t.after(() => connection.destroy())
    await once(connection, 'data')
    ending.abort()
    await assert.rejects(joining)
    broker.close()
    if (!connection.destroyed) await once(connection.resume(), 'close')
  })
}
