// A process of its own that holds an embedded database and prints the number of each row that it was acknowledged.
import pg from 'pg'
import { dataFolder } from '../../../src/postgres/embedded/cluster.ts'
import { readPidFile } from '../../../src/postgres/embedded/pid-file.ts'
import { startEmbedded } from '../../../src/postgres/embedded/server.ts'

const [state = '', binaries = ''] = process.argv.slice(2)
const { connection } = await startEmbedded({ state, binaries, log: () => {} })
console.log(`postmaster ${readPidFile(dataFolder(state))?.pid}`)
const client = new pg.Client(connection)
await client.connect()
await client.query('create table if not exists acknowledged (n int primary key)')
for (let n = 1; ; n++) {
  await client.query('insert into acknowledged values ($1)', [n])
  console.log(`row ${n}`)
}
