import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/** The account that PostgreSQL runs as; empty for our own. */
export type Account = { readonly uid?: number; readonly gid?: number }

/**
 * PostgreSQL refuses to run as root: for root, the account is the owner of the existing cluster, else `postgres`, else
 * `nobody`. The account needs an entry in /etc/passwd, or `initdb` refuses it.
 */
export function accountFor(cluster: string): Account {
  if (process.getuid?.() !== 0) return {}
  const existing = statSync(cluster, { throwIfNoEntry: false })
  if (existing !== undefined && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid }
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (user !== undefined) return { uid: Number(user[2]), gid: Number(user[3]) }
  throw new Error('PostgreSQL refuses root, and this machine has no account "postgres" or "nobody": set DATABASE_URL.')
}

/** Whether an account can enter a folder. Tried out, since permission bits do not show links, access lists and mounts. */
export function canReach(account: Account, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
}
