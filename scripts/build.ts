// `npm run build`, which npm runs before it packs: compiles src to dist, because Node does not strip types below
// node_modules. Files in dist are as deep as in src, so that paths relative to a module stay valid.
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** The dashboard is built by scripts/ready.js; the pictures are written by a test. */
const NOT_OURS: ReadonlySet<string> = new Set(['dashboard', 'pictures'])

for (const name of readdirSync(dist)) if (!NOT_OURS.has(name)) rmSync(join(dist, name), { recursive: true })
compile()
cpSync(join(root, 'src/postgres/migrations'), join(dist, 'postgres/migrations'), { recursive: true })

function compile(): void {
  const command = [join(root, 'node_modules/typescript/bin/tsc'), '--project', 'tsconfig.build.json']
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
