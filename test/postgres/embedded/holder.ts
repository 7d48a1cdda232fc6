// A process of its own that holds an embedded database and prints the number of each row that it was acknowledged.
import pg from 'pg'
import { startEmbedded } from '../../../src/postgres/embedded/server.ts'

const [state = '', binaries = ''] = process.argv.slice(2)
const { connection, pid } = await startEmbedded({ state, binaries, log: () => {} })
console.log(`postmaster ${pid}`)
const client = new pg.Client(connection)
await client.connect()
await client.query('create table if not exists acknowledged (n int primary key)')
for (let n = 1; ; n++) {
  await client.query('insert into acknowledged values ($1)', [n])
  console.log(`row ${n}`)
}
