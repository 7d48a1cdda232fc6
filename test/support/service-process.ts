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
import { basename, dirname, join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { unpackBinaries } from '../../src/postgres/embedded/binaries.ts'
import { binaries, copyCluster, dataRoot } from './test-data.ts'
import { until } from './until.ts'

/** A running `market-data serve`. */
export type ServiceProcess = {
  readonly url: string
  /** The process that was started: the service itself, or under an older Node its launcher. */
  readonly pid: number
  readonly dataDir: string
  /** From its start to the first successful `/readyz`. */
  readonly readyMs: number
  /** Its output so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** The process of its database, which changes with each restart; undefined while none runs. */
  postmasterPid(): number | undefined
  /** SIGSTOP freezes it, SIGCONT wakes it up. */
  signal(signal: NodeJS.Signals): void
  /** Sends SIGTERM, or another signal; returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>
}

export type StartOptions = {
  readonly env?: Readonly<Record<string, string>>
  /** The command to start instead of our Node with `bin/market-data serve`. */
  readonly command?: readonly string[]
  /** Arguments after the command. */
  readonly args?: readonly string[]
  /** The directory of another service, to continue with its data; by default a new one. */
  readonly dataDir?: string
  readonly cwd?: string
  /** The path that must respond before the test continues; by default `/readyz`. */
  readonly awaits?: string
}

export const LAUNCHER = fileURLToPath(new URL('../../bin/market-data', import.meta.url))

/** Starts the real command on a free port and waits until it is ready. It and its database stop when the test ends. */
export async function startService(t: TestContext, options: StartOptions = {}): Promise<ServiceProcess> {
  const { command = [process.execPath, LAUNCHER, 'serve'], args = [], dataDir = createDataDir() } = options
  const { awaits = '/readyz' } = options
  const since = performance.now()
  const running = spawnCommand([...command, ...args], { ...options, dataDir })
  const { child, exited, stdout, stderr } = running
  t.after(() => stopAll(running, dataDir))
  const url = await until(() => {
    assert.equal(child.exitCode ?? child.signalCode, null, `it exited before it was ready:\n${stdout()}${stderr()}`)
    return /Service +(http\S+)/.exec(stdout())?.[1]
  }, 'the start banner')
  await until(async () => (await fetch(url + awaits)).ok, `${awaits} responds`)
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

/** Runs a command of `market-data` to its end; kills it after a minute by default. */
export async function runCommand(
  args: readonly string[],
  { withinMs = 60_000, ...options }: ProcessContext & { readonly withinMs?: number } = {},
) {
  const { child, stdout, stderr } = spawnCommand([process.execPath, LAUNCHER, ...args], options)
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, stdout: stdout(), stderr: stderr() }
}

const folders: string[] = []
after(() => {
  for (const folder of folders) {
    // Only a failed test leaves processes.
    for (const pid of processesIn(folder)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})

/** A folder readable by every account, because as root PostgreSQL runs as another one. Removed after all tests. */
export function createFolder(): string {
  const folder = mkdtempSync(join(dataRoot(), 'market-data-test-'))
  chmodSync(folder, 0o755)
  folders.push(folder)
  return folder
}

/** A data directory with a cluster that has no tables yet, for tests whose subject is not its creation. */
export function createDataDir(): string {
  const dataDir = createEmptyDataDir()
  copyCluster(dataDir)
  return dataDir
}

/** The service copies PostgreSQL into its data directory; here a link to one shared copy saves 60 MB per service. */
export function createEmptyDataDir(): string {
  const dataDir = createFolder()
  mkdirSync(binaries, { recursive: true, mode: 0o755 })
  const home = dirname(unpackBinaries(binaries))
  symlinkSync(home, join(dataDir, basename(home)))
  return dataDir
}

/** Every process whose working directory is in a folder: the service, which we start there, and its database. */
export function processesIn(folder: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => `${workingFolder(pid)}/`.startsWith(`${folder}/`))
}

/** Undefined for a process that has exited, or a zombie. */
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

type ProcessContext = Pick<StartOptions, 'env' | 'dataDir' | 'cwd'>

type Running = {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  readonly stdout: () => string
  readonly stderr: () => string
}

/** Starts a command of `market-data`; the caller must stop it. */
export function spawnCommand(
  [program = '', ...args]: readonly string[],
  { env = {}, dataDir, cwd }: ProcessContext,
): Running {
  const folder = cwd ?? dataDir ?? createFolder()
  mkdirSync(folder, { recursive: true })
  // Not the environment of the test run, which may name another database.
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

/** Shuts down cleanly if possible, so that not even the socket of the database is left. */
async function stopAll({ child, exited }: Running, dataDir: string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  child.kill('SIGTERM')
  // A frozen process handles signals only after SIGCONT.
  child.kill('SIGCONT')
  await exited
  clearTimeout(timer)
  await until(() => processesIn(dataDir).length === 0, 'no process is left')
}
