import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/** Whom PostgreSQL runs as; empty where it runs as ourselves. */
export type Account = { readonly uid?: number; readonly gid?: number }

/**
 * PostgreSQL refuses root: for root it is the owner of the cluster that is there already, else `postgres`, else `nobody`.
 * The account needs an entry in /etc/passwd, or `initdb` refuses it.
 */
export function accountFor(cluster: string): Account {
  if (process.getuid?.() !== 0) return {}
  const made = statSync(cluster, { throwIfNoEntry: false })
  if (made !== undefined && made.uid !== 0) return { uid: made.uid, gid: made.gid }
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (user !== undefined) return { uid: Number(user[2]), gid: Number(user[3]) }
  throw new Error('PostgreSQL refuses root, and this machine has no account "postgres" or "nobody": set DATABASE_URL.')
}

/** Asks the kernel instead of reading permission bits: links, lists and mounts have their say too. */
export function canReach(account: Account, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
}
