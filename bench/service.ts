import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createFolder } from './postgres.ts'
import { firstMatch, startProgram } from './processes.ts'

export type Service = AsyncDisposable & { readonly url: string; readonly pid: number; readonly dataDir: string }

const LAUNCHER = fileURLToPath(new URL('../bin/market-data', import.meta.url))

/** `market-data serve` on a free port, with an embedded database unless `DATABASE_URL` names another. */
export async function startService(env: Readonly<Record<string, string>> = {}): Promise<Service> {
  await using parts = new AsyncDisposableStack()
  const dataDir = parts.adopt(createFolder(), (folder) => rmSync(folder, { recursive: true, force: true }))
  const own = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...env }
  const running = parts.use(await startProgram([process.execPath, LAUNCHER, 'serve'], own))
  const url = await firstMatch(running, /Service +(http\S+)/)
  const started = parts.move()
  return { url, pid: running.pid, dataDir, [Symbol.asyncDispose]: () => started.disposeAsync() }
}
