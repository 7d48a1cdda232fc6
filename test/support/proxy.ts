import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Connection } from '../../src/postgres/connection/pool.ts'
import { urlOf } from './database.ts'

/** A TCP proxy to a database. Its connections can be silenced: they stay open, but pass no data. New ones work. */
export async function createProxy(t: TestContext, connection: Connection) {
  const direct = new URL(urlOf(connection))
  const socketFolder = direct.searchParams.get('host')
  const port = Number(direct.searchParams.get('port') ?? (direct.port || '5432'))
  const pairs = new Set<readonly [Socket, Socket]>()
  let sent = 0
  const server = createServer((client) => {
    const database = socketFolder ? connect(`${socketFolder}/.s.PGSQL.${port}`) : connect(port, direct.hostname)
    const pair = [client, database] as const
    pairs.add(pair)
    client.on('data', () => (sent += 1)).pipe(database)
    database.pipe(client)
    client.on('error', () => {}).on('close', () => database.destroy() && pairs.delete(pair))
    database.on('error', () => {}).on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  })
  const url = new URL(direct)
  url.search = ''
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    openCount: () => pairs.size,
    /** The number of packets that clients sent. */
    sentCount: () => sent,
    silence: () => {
      for (const [client, database] of pairs) {
        client.unpipe(database)
        database.unpipe(client)
        // Keep reading, so that its end is still noticed.
        client.resume()
        database.pause()
      }
    },
  }
}
