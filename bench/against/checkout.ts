import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Migrate } from '../postgres.ts'
import { OURS } from '../service.ts'

/** The folder of another commit, which exists until it is disposed of. */
export type Checkout = Disposable & { readonly folder: string; readonly commit: string }

/** The oldest version that this benchmark can drive: its folders, and what `serve` prints, are as today. */
const OLDEST = '445f9aa'

/**
 * Checks a commit out in a temporary folder, with the packages and the dashboard of this checkout.
 * @throws if the commit does not exist here, or is older than 0.2.0
 */
export function checkOut(name: string): Checkout {
  const commit = git('rev-parse', '--short', '--verify', `${name}^{commit}`)
  if (!isAncestor(OLDEST, commit)) throw new Error(`${name} is older than ${OLDEST} (0.2.0) and cannot be compared.`)
  const folder = mkdtempSync(join(tmpdir(), 'market-data-bench-'))
  git('worktree', 'add', '--detach', '--force', folder, commit)
  for (const shared of ['node_modules', 'dist']) symlinkSync(join(OURS, shared), join(folder, shared))
  if (lockFile(folder) !== lockFile(OURS))
    console.log(`${commit} lists other packages; it runs with those of this checkout.`)
  return { folder, commit, [Symbol.dispose]: () => remove(folder) }
}

/** The migrations of a checkout, whose service refuses a newer schema. */
export async function migrateOf(folder: string): Promise<Migrate> {
  const module = (await import(join(folder, 'src/postgres/schema/migrate.ts'))) as { readonly migrate: Migrate }
  return module.migrate
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  git('worktree', 'prune')
}

function isAncestor(older: string, newer: string): boolean {
  try {
    git('merge-base', '--is-ancestor', older, newer)
    return true
  } catch {
    return false
  }
}

function lockFile(folder: string): string {
  return readFileSync(join(folder, 'package-lock.json'), 'utf8')
}

function git(...args: readonly string[]): string {
  return execFileSync('git', ['-C', OURS, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}
