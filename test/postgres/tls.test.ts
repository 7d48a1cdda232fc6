import assert from 'node:assert/strict'
import { chownSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { accountFor } from '../../src/postgres/embedded/account.ts'
import { startEmbedded } from '../../src/postgres/embedded/server.ts'
import { createPool, endPool } from '../../src/postgres/pool.ts'
import { inTransaction } from '../../src/postgres/transaction.ts'
import { createAuthority, createCertificate } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { createDataDir, createFolder } from '../support/service-process.ts'

const ENCRYPTED = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'

/** A server over TCP with a certificate, and how to speak to it trusting the authority of a file. */
async function startServer(t: TestContext) {
  const folder = createFolder()
  const authority = createAuthority(folder, 'authority')
  const { key, certificate } = createCertificate(folder, 'authority')
  const { uid = process.getuid?.() ?? -1, gid = -1 } = accountFor(folder)
  chownSync(key, uid, gid)
  const port = String(await freePort())
  const tls = { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key }
  const settings = { listen_addresses: '127.0.0.1', port, fsync: 'off', ...tls }
  const server = await startEmbedded({ state: createDataDir(), log: () => {}, settings })
  t.after(() => server.stop())
  const connect = (trusted: string) => {
    const url = `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=verify-full&sslrootcert=${trusted}`
    const pool = createPool(url, { size: 1, onError: () => {} })
    t.after(() => endPool(pool))
    return pool
  }
  return { connect, authority, stranger: createAuthority(folder, 'stranger') }
}

test('over TLS statements are sent at once as without it, and a server of an unknown authority is spoken to by nobody', async (t) => {
  const { connect, authority, stranger } = await startServer(t)
  const pool = connect(authority)
  assert.deepEqual((await pool.query(ENCRYPTED)).rows, [{ ssl: true }])
  const long = 'x'.repeat(100_000)
  const answers = await inTransaction(pool, (client) =>
    Promise.all([client.query('select $1 as text', [long]), client.query('select 2 as n')]),
  )
  assert.deepEqual(
    answers.map(({ rows }) => rows),
    [[{ text: long }], [{ n: 2 }]],
  )
  await assert.rejects(
    inTransaction(pool, (client) => Promise.all([client.query('select 1 / 0'), client.query('select 2')])),
    /division by zero/,
  )
  assert.deepEqual((await pool.query('select 3 as n')).rows, [{ n: 3 }])
  await assert.rejects(connect(stranger).query(ENCRYPTED), /self-signed certificate|unable to verify/)
})
