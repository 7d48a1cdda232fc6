// `npm run build`, which npm runs before it packs: bundles src into dist, because Node does not strip types below
// node_modules, and because it loads a few files faster than a thousand: the service starts in half the time.
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'

const root = join(import.meta.dirname, '..')
const [src, dist] = [join(root, 'src'), join(root, 'dist')]

/** The dashboard is built by scripts/ready.js; the pictures are written by a test. */
const NOT_OURS: ReadonlySet<string> = new Set(['dashboard', 'pictures'])

/**
 * The packages that are bundled with our source: those of many files that every start or command loads, 683 of them typebox
 * alone. The others read files of their own, hold a database driver or a server together, or are seldom loaded.
 */
const BUNDLED = /^(?:typebox|commander|kysely|csv-parse|yaml)(?:\/|$)/

/** Every file of the bundle is in dist itself, but a module finds other files relative to where it is in src. */
const keepLocations: Plugin = {
  name: 'keep-locations',
  transform(code, id) {
    const path = relative(src, id)
    if (path.startsWith('..') || !code.includes('import.meta.url')) return null
    return code.replaceAll('import.meta.url', `new URL('./${path}', import.meta.url).href`)
  },
}

for (const name of readdirSync(dist)) if (!NOT_OURS.has(name)) rmSync(join(dist, name), { recursive: true })
await bundle()
cpSync(join(src, 'postgres/migrations'), join(dist, 'postgres/migrations'), { recursive: true })

/** What is imported dynamically becomes a file of its own, so that a command still loads only what it needs. */
async function bundle(): Promise<void> {
  const bundled = await rolldown({
    input: { main: join(src, 'main.ts') },
    platform: 'node',
    external: (id) => /^[^./]/.test(id) && !BUNDLED.test(id),
    plugins: [keepLocations],
  })
  await bundled.write({ dir: dist, format: 'esm', chunkFileNames: '[name]-[hash].js' })
}
