// Plain JavaScript on purpose: on a fresh clone this runs on the machine's own Node, before anything is installed.
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

if (!isReady()) alone(makeReady)

function isReady() {
  return isInstalled() && existsSync(node) && isPageBuilt()
}

function makeReady() {
  if (!isInstalled()) install()
  if (!existsSync(node)) linkNode()
  if (!isPageBuilt()) buildPage()
}

/** Contents decide, not dates: npm notes what it has installed in a lock file of its own. */
function isInstalled() {
  const noted = join(modules, '.package-lock.json')
  if (!existsSync(noted)) return false
  const installed = packagesOf(noted)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, { version, optional, devOptional }]) => {
      if (path === '') return true
      const found = installed[path]
      // Optional packages are for other machines, mostly.
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

/** npm must not run on the Node inside the folder that it is about to delete. */
function pathWithoutModules() {
  const parts = (process.env.PATH ?? '').split(delimiter)
  return parts.filter((part) => !(part + sep).startsWith(modules + sep)).join(delimiter)
}

/** npm 10 leaves this command out, because the packages for several machines bring it; where none fits, ours must do. */
function linkNode() {
  const packaged = join('..', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  const fits = existsSync(join(modules, '.bin', packaged))
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (!fits && (major < 24 || (major === 24 && minor < 15))) {
    console.error(`No Node package fits this machine, and its own is ${process.version}: install Node 24.15 or newer.`)
    process.exit(1)
  }
  rmSync(node, { force: true })
  symlinkSync(fits ? packaged : process.execPath, node)
}

/** An installation without what builds it has the page that it was given, or none. */
function isPageBuilt() {
  if (!existsSync(vite)) return true
  return existsSync(builtFrom) && readFileSync(builtFrom, 'utf8') === pageSources()
}

/** Contents decide here too: of the page's sources, and of the list of packages that it may bundle. */
function pageSources() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  for (const file of pageFiles()) hash.update(`\n${file.slice(root.length)}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

/** The files of the page, and the files elsewhere that they import. */
function pageFiles() {
  const entries = readdirSync(join(root, 'dashboard'), { recursive: true, withFileTypes: true })
  const own = entries.filter((entry) => entry.isFile())
  /** @type {Set<string>} */
  const files = new Set(own.map((entry) => join(entry.parentPath ?? entry.path, entry.name)))
  // Iteration also visits what is added on the way.
  for (const file of files) for (const imported of relativeImports(file)) files.add(imported)
  return [...files].toSorted()
}

function relativeImports(file) {
  if (!/\.tsx?$/.test(file)) return []
  const names = readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+)'/g)
  return [...names].map(([, name]) => join(dirname(file), name))
}

function buildPage() {
  console.error('Building the page…')
  const sources = pageSources()
  const command = [vite, 'build', '--config', join('dashboard', 'vite.config.ts'), '--logLevel', 'warn']
  const { status } = spawnSync(node, command, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(builtFrom, sources)
}

/** Two starts at once on a fresh clone would install over each other. */
function alone(work) {
  const lock = join(root, '.ready-lock')
  for (let isSaid = false; !take(lock); isSaid = true) {
    if (!isSaid) console.error(`Waiting for another start in this folder to end (if there is none, remove ${lock})…`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  process.once('exit', () => rmSync(lock, { force: true }))
  work()
}

/** A lock whose owner is gone is nobody's. */
function take(lock) {
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
