import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { ask } from './support/request.ts'
import { nodeOfMachine } from './support/node-of-machine.ts'
import { createFolder, processesIn, startService } from './support/service-process.ts'
import { until } from './support/until.ts'

// Packs the package, inspects it, installs it into an empty folder, and runs it there.

const project = join(import.meta.dirname, '..')
const packed = pack()

test('the package contains the bundled service, every migration, the dashboard, and no source', async () => {
  const names = await contents(await packed)
  const migrations = readdirSync(join(project, 'src/postgres/migrations'))
  const built = names.filter((name) => name.startsWith('dist/') && !name.startsWith('dist/dashboard/'))
  for (const name of ['bin/market-data', 'dist/main.js', 'dist/dashboard/index.html', 'LICENSE', 'README.md'])
    assert.ok(names.includes(name), name)
  assert.deepEqual(
    built.filter((name) => name.endsWith('.sql')).toSorted(),
    migrations.map((name) => `dist/postgres/migrations/${name}`).toSorted(),
  )
  assert.deepEqual(
    built.filter((name) => !/^dist\/[\w-]+\.js$|\.sql$/.test(name)),
    [],
  )
  assert.deepEqual(
    names.filter(
      (name) => !/^(bin|dist)\/|^(LICENSE|README\.md|package\.json)$/.test(name) || /\.tsx?$|\/\./.test(name),
    ),
    [],
  )
})

test('publint finds no problem in the package', async () => {
  const tarball = readFileSync(await packed)
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true })
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg ?? {})),
    [],
  )
})

test('installed into an empty folder, the package serves the dashboard and the demo with one command, and leaves nothing running', async (t) => {
  const folder = await install()
  const bin = join(folder, 'node_modules/.bin/market-data')
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string }
  const { stdout } = await run('npx', ['--no-install', 'market-data-service', '--version'], folder)
  assert.equal(stdout.trim(), version)

  const options = { cwd: folder, dataDir: join(folder, 'data'), args: ['--demo'] }
  const service = await startService(t, { ...options, command: [nodeOfMachine(), bin, 'serve'] })
  const page = await ask(`${service.url}/`)
  const asset = /\/assets\/[^"]+\.js/.exec(page.text)?.[0]
  assert.equal((await ask(`${service.url}${asset}`)).status, 200)
  const average = `${service.url}/moving-averages/latest?symbol=AAPL&provider=simulated`
  await until(async () => (await ask(average)).status === 200, 'five polled prices')
  assert.equal(await service.stop(), 0)
  assert.deepEqual(processesIn(folder), [])
})

/** Packs once for all tests of this file, with the machine's npm. */
async function pack(): Promise<string> {
  const folder = createFolder()
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], project)
  return join(folder, stdout.trim())
}

async function contents(tarball: string): Promise<string[]> {
  const { stdout } = await run('tar', ['--list', '--gzip', '--file', tarball], project)
  return stdout
    .trimEnd()
    .replaceAll(/^package\//gm, '')
    .split('\n')
}

/** Installs with `ignore-scripts`, because the package must not depend on install scripts. */
async function install(): Promise<string> {
  const folder = createFolder()
  writeFileSync(join(folder, 'package.json'), '{}')
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['install', ...options, await packed], folder)
  return folder
}

/** Without the npm variables of `npm test`, which describe this project and must not reach an npm in another folder. */
function run(program: string, args: readonly string[], cwd: string) {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_(?!config_registry)/i.test(name))
  return promisify(execFile)(program, args, { cwd, env: Object.fromEntries(kept), timeout: 150_000 })
}
