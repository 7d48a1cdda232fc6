import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { interleave, type Scale } from './interleave.ts'
import { createFolder } from './postgres.ts'
import { firstMatch, runProgram, startProgram } from './processes.ts'
import { OURS } from './service.ts'
import type { Figure } from './table.ts'

/** Budgets, in milliseconds. */
const PACKAGE_MS = 500
const VERSION_MS = 80
const CLONE_MS = 750

/**
 * Milliseconds from the start of the process until `/readyz` answers 200, and until `--version` has ended. Warm: with a data
 * directory and Node's compile cache of an earlier start, from the built package and from this clone.
 */
export async function measureStart(scale: Scale): Promise<readonly Figure[]> {
  using stack = new DisposableStack()
  const folder = () => stack.adopt(createFolder(), (path) => rmSync(path, { recursive: true, force: true }))
  const built = folder()
  await buildInto(built)
  const [packageData, cloneData] = [folder(), folder()]
  const ms = await interleave(scale, {
    package: () => untilReady(built, packageData),
    clone: () => untilReady(OURS, cloneData),
    version: () => untilVersion(built),
    cloneVersion: () => untilVersion(OURS),
  })
  return [
    figureOf('warm start of the package until /readyz', ms.package, PACKAGE_MS),
    figureOf('warm start from a clone until /readyz', ms.clone, CLONE_MS),
    figureOf('market-data --version, package', ms.version, VERSION_MS),
    figureOf('market-data --version, clone', ms.cloneVersion, VERSION_MS),
  ]
}

function figureOf(what: string, ours: number, theirs: number): Figure {
  return { what, unit: 'ms', ours, peer: { name: 'budget', theirs, target: { atMost: 1 } } }
}

/** What the package contains, with the packages of this clone. */
async function buildInto(folder: string): Promise<void> {
  await runProgram([process.execPath, join(OURS, 'scripts/build.ts')])
  for (const name of ['bin', 'dist', 'package.json']) cpSync(join(OURS, name), join(folder, name), { recursive: true })
  symlinkSync(join(OURS, 'node_modules'), join(folder, 'node_modules'))
}

async function untilReady(folder: string, dataDir: string): Promise<number> {
  const since = performance.now()
  const env = { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' }
  await using running = await startProgram([process.execPath, join(folder, 'bin/market-data'), 'serve'], env)
  const url = await firstMatch(running, /Service +(http\S+)/)
  while (!(await fetch(`${url}/readyz`)).ok);
  return performance.now() - since
}

async function untilVersion(folder: string): Promise<number> {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const since = performance.now()
  const printed = await runProgram([process.execPath, join(folder, 'bin/market-data'), '--version'])
  if (printed.trim() !== version) throw new Error(`--version printed ${printed}`)
  return performance.now() - since
}
