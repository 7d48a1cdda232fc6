// Plain JavaScript on purpose: on a fresh clone this runs on the machine's Node, before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const node = join(modules, '.bin', 'node')
const vite = join(modules, 'vite', 'bin', 'vite.js')
const builtFrom = join(root, 'dist', 'dashboard', '.built-from')

if (!isReady()) withLock(prepare)

function isReady() {
  return isInstalled() && existsSync(node) && isDashboardBuilt()
}

function prepare() {
  if (!isInstalled()) install()
  if (!existsSync(node)) linkNode()
  if (!isDashboardBuilt()) buildDashboard()
}

/** Compares contents, not dates: npm records what it has installed in a lock file of its own. */
function isInstalled() {
  const record = join(modules, '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = packagesOf(record)
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

function install() {
  console.error('Installing what package-lock.json lists…')
  const env = { ...process.env, PATH: pathWithoutModules() }
  const { status } = spawnSync('npm', ['ci', '--loglevel=error'], { cwd: root, env, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
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
    console.error(
      `No Node package exists for this machine, and its own Node is ${process.version}: install Node 24.15 or newer.`,
    )
    process.exit(1)
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

function buildDashboard() {
  console.error('Building the dashboard…')
  const sources = dashboardSources()
  const command = [vite, 'build', '--config', join('dashboard', 'vite.config.ts'), '--logLevel', 'warn']
  const { status } = spawnSync(node, command, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(builtFrom, sources)
}

/** Two first starts at once would overwrite each other's installation. */
function withLock(work) {
  const lock = join(root, '.ready-lock')
  for (let isReported = false; !acquire(lock); isReported = true) {
    if (!isReported)
      console.error(`Waiting for another start in this folder to finish (if none is running, remove ${lock})…`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  process.once('exit', () => rmSync(lock, { force: true }))
  work()
}

/** Removes the lock of a process that no longer exists; the next attempt then succeeds. */
function acquire(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const owner = ownerOf(lock)
    if (owner > 0 && !isAlive(owner)) rmSync(lock, { force: true })
    return false
  }
}

function ownerOf(lock) {
  try {
    return Number(readFileSync(lock, 'utf8'))
  } catch {
    return 0
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}
