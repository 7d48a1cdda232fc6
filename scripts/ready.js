// Plain JavaScript on purpose: on a fresh clone this runs on the machine's Node, before anything is installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const node = join(modules, '.bin', 'node')
/** Where npm records what it has installed, once it is all there. */
const installation = join(modules, '.package-lock.json')
const vite = join(modules, 'vite', 'bin', 'vite.js')
const builtFrom = join(root, 'dist', 'dashboard', '.built-from')

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP']
const RENEW_EVERY_MS = 1_000
const ABANDONED_AFTER_MS = 15_000

if (!isReady()) await withLock(prepare)

function isReady() {
  return isInstalled() && existsSync(node) && isDashboardBuilt()
}

async function prepare() {
  if (!isInstalled()) await install()
  if (!existsSync(node)) linkNode()
  if (!isDashboardBuilt()) await buildDashboard()
}

/** Compares contents, not dates: npm records what it has installed in a lock file of its own. */
function isInstalled() {
  if (!existsSync(installation)) return false
  const installed = packagesOf(installation)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, { version, optional, devOptional }]) => {
      if (path === '') return true
      const found = installed[path]
      // Most optional packages are for other machines.
      return found === undefined ? optional || devOptional : found.version === version
    },
  )
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages
}

async function install() {
  console.error('Installing dependencies (about a minute, 600 MB)…')
  // Else an installation that is interrupted while the old one is deleted would pass for complete.
  rmSync(installation, { force: true })
  await run('npm', ['ci', '--loglevel=error'], { ...process.env, PATH: pathWithoutModules() })
}

/**
 * Runs a program to its end, in a process group of its own: Ctrl-C would make npm undo its work, which can take a minute.
 * Instead the group is killed, and the next start begins anew.
 */
function run(program, args, env = process.env) {
  return new Promise((resolve) => {
    // Before the program starts: a signal in between would end us, and leave the program behind.
    for (const signal of STOPPING) process.once(signal, stop)
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 2, 2], detached: true })
    child.once('error', (error) => fail(`cannot run ${program}: ${error.message}`))
    child.once('exit', (code) => {
      for (const signal of STOPPING) process.off(signal, stop)
      if (code !== 0) process.exit(code ?? 1)
      resolve()
    })
    function stop(signal) {
      killGroup(child.pid)
      process.exit(128 + constants.signals[signal])
    }
  })
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

/** npm must not run on the Node in the folder that it is about to delete. */
function pathWithoutModules() {
  const parts = (process.env.PATH ?? '').split(delimiter)
  return parts.filter((part) => !(part + sep).startsWith(modules + sep)).join(delimiter)
}

/** npm 10 does not link this command, because several packages provide it. If none fits, the machine's own Node must do. */
function linkNode() {
  const packaged = join('..', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  const fits = existsSync(join(modules, '.bin', packaged))
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (!fits && (major < 24 || (major === 24 && minor < 15))) {
    fail(
      `No Node package exists for this machine, and its own Node is ${process.version}: install Node 24.15 or newer.`,
    )
  }
  rmSync(node, { force: true })
  symlinkSync(fits ? packaged : process.execPath, node)
}

/** Without vite, the dashboard cannot be built; a package contains one that is. */
function isDashboardBuilt() {
  if (!existsSync(vite)) return true
  return existsSync(builtFrom) && readFileSync(builtFrom, 'utf8') === dashboardSources()
}

/** A hash of everything that the dashboard is built from: its source files and the list of packages. */
function dashboardSources() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  for (const file of dashboardFiles()) hash.update(`\n${file.slice(root.length)}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

/** The files of the dashboard, and the files elsewhere that they import. */
function dashboardFiles() {
  const entries = readdirSync(join(root, 'dashboard'), { recursive: true, withFileTypes: true })
  const own = entries.filter((entry) => entry.isFile())
  /** @type {Set<string>} */
  const files = new Set(own.map((entry) => join(entry.parentPath ?? entry.path, entry.name)))
  // The iteration also visits files that are added during it.
  for (const file of files) for (const imported of relativeImports(file)) files.add(imported)
  return [...files].toSorted()
}

function relativeImports(file) {
  if (!/\.tsx?$/.test(file)) return []
  const names = readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+)'/g)
  return [...names].map(([, name]) => join(dirname(file), name))
}

async function buildDashboard() {
  console.error('Building the dashboard…')
  const sources = dashboardSources()
  await run(node, [vite, 'build', '--config', join('dashboard', 'vite.config.ts'), '--logLevel', 'warn'])
  writeFileSync(builtFrom, sources)
}

/** Two first starts at once would overwrite each other's installation. */
async function withLock(work) {
  const lock = join(root, '.ready-lock')
  for (let isReported = false; !acquire(lock); isReported = true) {
    if (!isReported) console.error('Waiting for another start in this folder to finish…')
    await sleep(200)
  }
  process.once('exit', () => rmSync(lock, { force: true }))
  const renewal = setInterval(() => renew(lock), RENEW_EVERY_MS)
  await work()
  clearInterval(renewal)
}

/** Takes the lock, also from a start that was killed. */
function acquire(lock) {
  if (isAbandoned(lock)) rmSync(lock, { force: true })
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

/** Its owner has died, or does not renew it: after a restart of the machine, another process may have the same id. */
function isAbandoned(lock) {
  try {
    const owner = Number(readFileSync(lock, 'utf8'))
    return (owner > 0 && !isAlive(owner)) || Date.now() - statSync(lock).mtimeMs > ABANDONED_AFTER_MS
  } catch {
    return false
  }
}

function renew(lock) {
  const now = new Date()
  try {
    utimesSync(lock, now, now)
  } catch {
    // It was removed by hand.
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}
