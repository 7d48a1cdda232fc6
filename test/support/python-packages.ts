import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * A folder with these Python packages for `PYTHONPATH`, installed once into the user's cache. Undefined if this machine has
 * no Python or no way to the packages; in CI that is an error, so that no test is skipped there.
 */
export async function pythonPackages(name: string, packages: readonly string[]): Promise<string | undefined> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'market-data', `python-${name}`)
  if (existsSync(folder)) return folder
  mkdirSync(join(folder, '..'), { recursive: true })
  const partial = mkdtempSync(`${folder}-`)
  try {
    await run('python3', ['-m', 'pip', 'install', '-q', '--target', partial, ...packages], { timeout: 120_000 })
    // Complete or not at all, even if two test runs install at once.
    renameSync(partial, folder)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    // Another test run may have installed them meanwhile.
    if (process.env['CI'] === 'true' && !existsSync(folder)) throw error
  }
  return existsSync(folder) ? folder : undefined
}
