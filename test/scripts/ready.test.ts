import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isAlive } from '../support/is-alive.ts'
import { until } from '../support/until.ts'

const READY = fileURLToPath(new URL('../../scripts/ready.js', import.meta.url))

/** Installs what its first argument says, or hangs and ignores Ctrl-C, as npm does while it undoes its work. */
const NPM = `#!/bin/sh
trap '' INT TERM
echo $$ > npm-pid
rm -rf node_modules && mkdir -p node_modules/.bin
[ -e hang ] && { sleep 600 & wait; }
ln -s "$NODE" node_modules/.bin/node
cp package-lock.json node_modules/.package-lock.json
`

const PACKAGES = JSON.stringify({ packages: { '': {}, 'node_modules/one': { version: '1.0.0' } } })

/** A fresh clone with an npm that needs no network. */
function createClone(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-ready-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['scripts', 'bin', 'dashboard']) mkdirSync(join(folder, name))
  cpSync(READY, join(folder, 'scripts/ready.js'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'package-lock.json'), PACKAGES)
  writeFileSync(join(folder, 'bin/npm'), NPM)
  chmodSync(join(folder, 'bin/npm'), 0o755)
  const env = { PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter), NODE: process.execPath }
  return {
    path: (name: string) => join(folder, name),
    start: () => {
      const child = spawn(process.execPath, ['scripts/ready.js'], { cwd: folder, env })
      t.after(() => child.kill('SIGKILL'))
      return child
    },
  }
}

async function endOf(child: ChildProcess) {
  let stderr = ''
  child.stderr?.on('data', (part) => (stderr += String(part)))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}

const INSTALLED = { code: 0, stderr: 'Installing dependencies (about a minute, 600 MB)…\n' }

test('Ctrl-C during the first installation ends it at once, and the next start installs without a word about a lock', async (t) => {
  const clone = createClone(t)
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    writeFileSync(clone.path('hang'), '')
    rmSync(clone.path('npm-pid'), { force: true })
    const child = clone.start()
    const end = endOf(child)
    await until(
      () => existsSync(clone.path('npm-pid')) && readFileSync(clone.path('npm-pid'), 'utf8') !== '',
      'npm runs',
    )
    child.kill(signal)
    assert.equal((await end).code, expected)
    const npm = Number(readFileSync(clone.path('npm-pid'), 'utf8'))
    await until(() => !isAlive(npm), 'npm is gone, which would not have stopped by itself')
    assert.ok(!existsSync(clone.path('.ready-lock')))
  }
  rmSync(clone.path('hang'))
  assert.deepEqual(await endOf(clone.start()), INSTALLED)
  assert.deepEqual(await endOf(clone.start()), { code: 0, stderr: '' })
})

test('a repeated installation that is interrupted does not pass for complete', async (t) => {
  const clone = createClone(t)
  assert.equal((await endOf(clone.start())).code, 0)
  // Another version is listed now, and npm is killed before it deletes anything.
  writeFileSync(clone.path('bin/npm'), '#!/bin/sh\nkill -9 $$\n')
  writeFileSync(clone.path('package-lock.json'), PACKAGES.replace('1.0.0', '2.0.0'))
  assert.equal((await endOf(clone.start())).code, 1)
  writeFileSync(clone.path('package-lock.json'), PACKAGES)
  writeFileSync(clone.path('bin/npm'), NPM)
  assert.deepEqual(await endOf(clone.start()), INSTALLED)
})

test('the lock of a start that was killed is taken silently, also if its process id belongs to another process now', async (t) => {
  const clone = createClone(t)
  const dead = spawn(process.execPath, ['--version'])
  await once(dead, 'exit')
  writeFileSync(clone.path('.ready-lock'), String(dead.pid))
  assert.deepEqual(await endOf(clone.start()), INSTALLED)

  rmSync(clone.path('node_modules'), { recursive: true })
  writeFileSync(clone.path('.ready-lock'), String(process.pid))
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(clone.path('.ready-lock'), longAgo, longAgo)
  assert.deepEqual(await endOf(clone.start()), INSTALLED)
})

test('two first starts at once install once: the second one says that it waits', async (t) => {
  const clone = createClone(t)
  writeFileSync(clone.path('.ready-lock'), String(process.pid))
  const child = clone.start()
  const end = endOf(child)
  await once(child.stderr, 'data')
  rmSync(clone.path('.ready-lock'))
  const { code, stderr } = await end
  assert.equal(code, 0)
  assert.match(stderr, /^Waiting for another start in this folder to finish…\nInstalling /)
})
