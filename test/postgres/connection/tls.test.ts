import assert from 'node:assert/strict'
import { chmodSync, chownSync } from 'node:fs'
import { dirname } from 'node:path'
import { test, type TestContext } from 'node:test'
import { accountFor } from '../../../src/postgres/embedded/account.ts'
import { startEmbedded } from '../../../src/postgres/embedded/server.ts'
import { createPool, endPool } from '../../../src/postgres/connection/pool.ts'
import { inTransaction } from '../../../src/postgres/connection/transaction.ts'
import { createAuthority } from '../../support/certificates.ts'
import { freePort } from '../../support/free-port.ts'
import { createDataDir } from '../../support/service-process.ts'

const AUTHORITY = createAuthority('ours')

const ENCRYPTED = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'

/** A server over TCP with this certificate; returns a function that creates a pool which trusts an authority. */
async function startServer(t: TestContext, { key, certificate }: ReturnType<typeof AUTHORITY.issue>) {
  const port = String(await freePort())
  const tls = { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key }
  giveToPostgres(key)
  const settings = { listen_addresses: '127.0.0.1', port, fsync: 'off', ...tls }
  const server = await startEmbedded({ state: createDataDir(), log: () => {}, settings })
  t.after(() => server.stop())
  return (authority: string) => {
    const url = `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=verify-full&sslrootcert=${authority}`
    const pool = createPool(url, { size: 1, onError: () => {} })
    t.after(() => endPool(pool))
    return pool
  }
}

/** PostgreSQL accepts only a key of its own account that no other account can read. */
function giveToPostgres(key: string): void {
  chmodSync(key, 0o600)
  const { uid, gid } = accountFor(dirname(key))
  if (uid !== undefined && gid !== undefined) chownSync(key, uid, gid)
}

test('over TLS several statements can be under way, large ones and one that fails too', async (t) => {
  const pool = (await startServer(t, AUTHORITY.issue('127.0.0.1')))(AUTHORITY.file)
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
})

test('with sslmode=verify-full nothing is sent to a server with a certificate of another authority or of another host', async (t) => {
  const [ours, elsewhere] = await Promise.all(
    ['127.0.0.1', '192.0.2.1'].map((ip) => startServer(t, AUTHORITY.issue(ip))),
  )
  await assert.rejects(
    ours!(createAuthority('a stranger').file).query(ENCRYPTED),
    /self-signed certificate|unable to verify/,
  )
  await assert.rejects(elsewhere!(AUTHORITY.file).query(ENCRYPTED), /does not match certificate's altnames/)
})
