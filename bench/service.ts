import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createFolder } from './postgres.ts'
import { firstMatch, startProgram } from './processes.ts'

export type Service = AsyncDisposable & { readonly url: string; readonly pid: number; readonly dataDir: string }

type Environment = Readonly<Record<string, string>>

/** This version: the folder of this checkout. */
export const OURS = join(import.meta.dirname, '..')

/**
 * `market-data serve` on a free port, with an embedded database unless `DATABASE_URL` names another.
 * @param env further variables, which may depend on the data directory
 * @param folder the checkout or the package to start; this one by default
 */
export async function startService(
  env: Environment | ((place: { readonly dataDir: string }) => Environment) = {},
  folder = OURS,
): Promise<Service> {
  await using parts = new AsyncDisposableStack()
  const dataDir = parts.adopt(createFolder(), (path) => rmSync(path, { recursive: true, force: true }))
  const further = typeof env === 'function' ? env({ dataDir }) : env
  const own = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...further }
  const running = parts.use(await startProgram([process.execPath, join(folder, 'bin/market-data'), 'serve'], own))
  const url = await firstMatch(running, /Service +(http\S+)/)
  const started = parts.move()
  return { url, pid: running.pid, dataDir, [Symbol.asyncDispose]: () => started.disposeAsync() }
}
