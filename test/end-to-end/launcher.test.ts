import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isAlive } from '../support/is-alive.ts'
import { nodeOfMachine } from '../support/node-of-machine.ts'
import { until } from '../support/until.ts'

// Under an old Node the launcher is the parent of the service; under a new one it is the service. Both must behave the same,
// so each test runs under the machine's Node (as from a shell) and under ours (as from npm).

const project = fileURLToPath(new URL('../..', import.meta.url))
const nodes = [...new Set([nodeOfMachine(), process.execPath].map((path) => realpathSync(path)))]

/** A minimal service for the launcher to start. */
const MAIN = `
const [command, ...given]: string[] = process.argv.slice(2)
if (command === 'print') console.log(JSON.stringify({ given, folder: process.cwd(), node: process.versions.node }))
if (command === 'exit') process.exitCode = Number(given[0])
if (command === 'serve') {
  const work = setInterval(() => {}, 1_000)
  const stop = () => clearInterval(work)
  process.once('SIGTERM', () => { process.exitCode = 7; stop() })
  process.once('disconnect', stop)
  process.channel?.unref()
  console.log(process.pid)
}
`

for (const node of nodes) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? []
  const isNew = Number(major) * 100 + Number(minor) >= 2415

  test(`${version}: the service runs on a Node that supports TypeScript, with the arguments and the working directory of the caller`, (t) => {
    const folder = createFolder(t)
    const printed = execFileSync(node, [createInstallation(t), 'print', 'a b', '--c'], {
      cwd: folder,
      encoding: 'utf8',
    })
    const { given, folder: cwd, node: used } = JSON.parse(printed) as { given: string[]; folder: string; node: string }
    assert.deepEqual({ given, cwd }, { given: ['a b', '--c'], cwd: folder })
    assert.ok(Number(used.split('.')[0]) >= 24)
  })

  test(`${version}: the launcher works through the link that npm creates in .bin`, (t) => {
    const link = join(createFolder(t), 'market-data')
    symlinkSync(createInstallation(t), link)
    assert.match(execFileSync(node, [link, 'print'], { encoding: 'utf8' }), /"given":\[\]/)
  })

  test(`${version}: the exit code of the service is the exit code of the launcher`, async (t) => {
    const launcher = createInstallation(t)
    for (const code of [0, 1, 78])
      assert.deepEqual(await once(launch(t, node, [launcher, 'exit', String(code)]), 'exit'), [code, null])
  })

  test(`${version}: SIGTERM reaches the service, which shuts down by itself`, async (t) => {
    const launched = launch(t, node, [createInstallation(t), 'serve'])
    await pidOfService(launched)
    launched.kill('SIGTERM')
    assert.deepEqual(await once(launched, 'exit'), [7, null])
  })

  test(`${version}: kill -9 of the launcher stops the service too`, async (t) => {
    const launched = launch(t, node, [createInstallation(t), 'serve'])
    const pid = await pidOfService(launched)
    launched.kill('SIGKILL')
    await until(() => !isAlive(pid), 'the service has exited')
  })

  test(`${version}: if the service is killed, the launcher fails`, async (t) => {
    const launched = launch(t, node, [createInstallation(t), 'serve'])
    process.kill(await pidOfService(launched), 'SIGKILL')
    const [code, signal] = (await once(launched, 'exit')) as [number | null, string | null]
    assert.ok(code === 137 || signal === 'SIGKILL', `${code} ${signal}`)
  })

  test(`${version}: without a suitable Node, the launcher prints one sentence with the fix`, async (t) => {
    const launched = launch(t, node, [createInstallation(t, { packages: false }), 'exit', '0'])
    const message = readAll(launched.stderr)
    const [code] = await once(launched, 'exit')
    const expected = isNew ? /^$/ : /^market-data: needs Node 24\.15 or newer, .*"npm ci".*\n$/
    assert.equal(code, isNew ? 0 : 1)
    assert.match(await message, expected)
  })
}

/** An installed copy of the launcher with the minimal service; returns the path of the launcher. */
function createInstallation(t: TestContext, { packages = true } = {}): string {
  const folder = createFolder(t)
  mkdirSync(join(folder, 'bin'))
  mkdirSync(join(folder, 'src'))
  copyFileSync(join(project, 'bin/market-data'), join(folder, 'bin/market-data'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'src/main.ts'), MAIN)
  if (packages) symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'bin/market-data')
}

function createFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'market-data-launcher-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function launch(t: TestContext, node: string, command: readonly string[]): ChildProcess {
  const launched = spawn(node, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => launched.kill('SIGKILL'))
  return launched
}

async function pidOfService({ stdout }: ChildProcess): Promise<number> {
  assert.ok(stdout)
  const [line] = (await once(createInterface({ input: stdout }), 'line')) as [string]
  return Number(line)
}

async function readAll(stream: ChildProcess['stderr']): Promise<string> {
  let text = ''
  for await (const part of stream ?? []) text += String(part)
  return text
}
