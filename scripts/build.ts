// Writes what a package holds instead of the source, because Node strips no types below node_modules. `npm run build`;
// npm calls it before it packs. The files lie in dist as deep as in src, so what they find by their own place stays found.
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** The page is built by scripts/ready.js, the pictures are a test's. */
const OF_OTHERS: ReadonlySet<string> = new Set(['dashboard', 'pictures'])

for (const name of readdirSync(dist)) if (!OF_OTHERS.has(name)) rmSync(join(dist, name), { recursive: true })
compile()
cpSync(join(root, 'src/postgres/migrations'), join(dist, 'postgres/migrations'), { recursive: true })

function compile(): void {
  const command = [join(root, 'node_modules/typescript/bin/tsc'), '--project', 'tsconfig.build.json']
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
