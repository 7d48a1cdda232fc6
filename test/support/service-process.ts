import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { unpackBinaries } from '../../src/postgres/embedded/binaries.ts'
import { until } from './until.ts'

/** `market-data serve`, as a person starts it. */
export type ServiceProcess = {
  readonly url: string
  /** The process that was started: the service itself, or under an older Node its launcher. */
  readonly pid: number
  readonly dataDir: string
  /** From its start to the first good answer of `/readyz`. */
  readonly readyMs: number
  /** What it wrote so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** The database's process, another one after each restart of it; undefined while there is none. */
  postmasterPid(): number | undefined
  /** SIGSTOP freezes it, SIGCONT wakes it up. */
  signal(signal: NodeJS.Signals): void
  /** SIGTERM unless another is named; answers with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>
}

export type StartOptions = {
  readonly env?: Readonly<Record<string, string>>
  /** What to start instead of our own Node with `bin/market-data serve`. */
  readonly command?: readonly string[]
  /** Behind the command. */
  readonly args?: readonly string[]
  /** Another service's, to go on where that ended; else a new one. */
  readonly dataDir?: string
  readonly cwd?: string
  /** What must answer before the test goes on: `/readyz`, where nothing else is said. */
  readonly awaits?: string
}

export const LAUNCHER = fileURLToPath(new URL('../../bin/market-data', import.meta.url))

/** Starts the real command on a free port and waits until it is ready. It ends with the test, and so does its database. */
export async function startService(t: TestContext, options: StartOptions = {}): Promise<ServiceProcess> {
  const { command = [process.execPath, LAUNCHER, 'serve'], args = [], dataDir = createDataDir() } = options
  const { awaits = '/readyz' } = options
  const since = performance.now()
  const running = spawnCommand([...command, ...args], { ...options, dataDir })
  const { child, exited, stdout, stderr } = running
  t.after(() => endAll(running, dataDir))
  const url = await until(() => {
    assert.equal(child.exitCode ?? child.signalCode, null, `it ended before it was ready:\n${stdout()}${stderr()}`)
    return /Service +(http\S+)/.exec(stdout())?.[1]
  }, 'the start block')
  await until(async () => (await fetch(url + awaits)).ok, `${awaits} answers`)
  return {
    url,
    pid: child.pid!,
    dataDir,
    readyMs: performance.now() - since,
    stdout,
    stderr,
    postmasterPid: () => postmasterPid(dataDir),
    signal: (signal) => void child.kill(signal),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal)
      return exited
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Runs a command of `market-data` to its end, and kills it after a minute if nothing else is said. */
export async function runCommand(
  args: readonly string[],
  { withinMs = 60_000, ...options }: AppContext & { readonly withinMs?: number } = {},
) {
  const { child, stdout, stderr } = spawnCommand([process.execPath, LAUNCHER, ...args], options)
  const impatience = setTimeout(() => child.kill('SIGKILL'), withinMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(impatience)
  return { code, stdout: stdout(), stderr: stderr() }
}

const folders: string[] = []
after(() => {
  for (const folder of folders) {
    // Only where a test failed: the others leave nothing.
    for (const pid of processesIn(folder)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})

/** A folder that every account can enter: under root, PostgreSQL runs as another. Removed when all tests are over. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-journey-'))
  chmodSync(folder, 0o755)
  folders.push(folder)
  return folder
}

/** The service copies PostgreSQL into its data directory; in tests a link to one shared copy saves 60 MB a service. */
export function createDataDir(): string {
  const dataDir = createFolder()
  const shared = join(tmpdir(), `market-data-test-binaries-${process.getuid?.()}`)
  mkdirSync(shared, { recursive: true, mode: 0o755 })
  const home = dirname(unpackBinaries(shared))
  symlinkSync(home, join(dataDir, basename(home)))
  return dataDir
}

/** Every process that works in a folder or below: the service (by our choice of its folder), its database. */
export function processesIn(folder: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => `${workingFolder(pid)}/`.startsWith(`${folder}/`))
}

/** Nothing for a process that is gone, or a zombie. */
function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** The process of the embedded PostgreSQL of a data directory, if it was started. */
export function postmasterPid(dataDir: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(dataDir, 'pg18', 'postmaster.pid'), 'utf8'), 10) || undefined
  } catch {
    return undefined
  }
}

type AppContext = Pick<StartOptions, 'env' | 'dataDir' | 'cwd'>

type Running = {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  readonly stdout: () => string
  readonly stderr: () => string
}

/** Starts a command of `market-data`; who starts it ends it. */
export function spawnCommand(
  [program = '', ...args]: readonly string[],
  { env = {}, dataDir, cwd }: AppContext,
): Running {
  const folder = cwd ?? dataDir ?? createFolder()
  mkdirSync(folder, { recursive: true })
  // Nothing of the test run's own environment, which may name another database.
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH, HOME, PORT: '0', ...(dataDir !== undefined && { DATA_DIR: dataDir }), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  return { child, exited, stdout: textOf(child.stdout), stderr: textOf(child.stderr) }
}

function textOf(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (part: string) => (text += part))
  return () => text
}

/** In peace if it can be, so that not even the database's socket is left. */
async function endAll({ child, exited }: Running, dataDir: string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  child.kill('SIGTERM')
  // A frozen one hears nothing else.
  child.kill('SIGCONT')
  await exited
  clearTimeout(impatience)
  await until(() => processesIn(dataDir).length === 0, 'no process is left')
}
