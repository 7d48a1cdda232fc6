import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Work } from './cpu.ts'
import type { Database } from './postgres.ts'

const run = promisify(execFile)

type Environment = Readonly<Record<string, string>>

/** Runs a program to its end and returns its stdout. @throws naming the program if it is not installed */
export async function runProgram(command: readonly string[], env: Environment = {}): Promise<string> {
  const [program = '', ...args] = command
  const options = { env: { ...process.env, ...env }, timeout: 600_000, maxBuffer: 16 * 1024 * 1024 }
  const { stdout } = await run(program, args, options).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT'
      ? new Error(`${program} is not installed; see docs/performance.md for what the benchmarks need`)
      : error
  })
  return stdout
}

export type Process = AsyncDisposable & { readonly pid: number; readonly lines: AsyncIterator<string> }

/** Makes a signal exit normally, so that started programs end too; temporary folders remain. */
export function exitOnSignals(): void {
  for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 })) {
    process.once(signal, () => process.exit(128 + number))
  }
}

/** Starts a program that runs until it is disposed of or we exit; its stdout is available line by line. */
export async function startProgram(command: readonly string[], env: Environment = {}): Promise<Process> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child, 'spawn')
  const exited = once(child, 'exit')
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  return {
    pid: child.pid as number,
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    [Symbol.asyncDispose]: async () => {
      process.removeListener('exit', end)
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** The first group of the pattern, in the first line that matches. @throws if the program ends before */
export async function firstMatch({ lines }: Process, pattern: RegExp): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the program ended before it printed ${pattern}`)
    const found = pattern.exec(value)
    if (found) return found[1] ?? ''
  }
}

type PgbenchOptions = {
  readonly clients: number
  /** Parses and plans the statement each time, instead of once per connection. */
  readonly replans?: boolean
} & ({ readonly seconds: number } | { readonly transactions: number })

/** Runs a script repeatedly; an operation is a transaction. */
export async function pgbench({ port, name }: Database, script: string, options: PgbenchOptions): Promise<Work> {
  const amount = 'seconds' in options ? ['-T', Math.max(1, options.seconds)] : ['-t', options.transactions]
  const at = ['-h', '127.0.0.1', '-p', port, '-U', 'postgres', name]
  const flags = ['-n', '-M', options.replans ? 'simple' : 'prepared', '-c', options.clients, ...amount, ...at].map(
    String,
  )
  const report = await withFile(script, (file) => runProgram(['pgbench', '-f', file, ...flags]))
  const operations = numberIn(report, /actually processed: (\d+)/)
  return { operations, perSecond: numberIn(report, /tps = ([\d.]+)/) }
}

type WrkOptions = {
  readonly connections: number
  readonly seconds: number
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Each request replaces `{n}` in the URL by the next number, from 1 to this one and again from 1. */
  readonly numbers?: number
}

/** Requests a URL over a number of connections; an operation is a response. @throws unless every response is a success */
export async function wrk(url: string, { connections, seconds, ...request }: WrkOptions): Promise<Work> {
  const flags = ['-t', 1, '-c', connections, '-d', `${Math.max(1, Math.ceil(seconds))}s`].map(String)
  const { origin, pathname, search } = new URL(url)
  const script = wrkScript(decodeURIComponent(pathname + search), request)
  const report = await withFile(script, (file) => runProgram(['wrk', '-s', file, ...flags, origin]))
  if (/Non-2xx|Socket errors/.test(report)) throw new Error(`${url}: ${report}`)
  const operations = numberIn(report, /(\d+) requests in/)
  return { operations, perSecond: numberIn(report, /Requests\/sec: +([\d.]+)/) }
}

function wrkScript(
  path: string,
  { method = 'GET', headers = {}, numbers }: Omit<WrkOptions, 'connections' | 'seconds'>,
) {
  const named = Object.entries(headers).map(([name, value]) => `wrk.headers['${name}'] = '${value}'`)
  const fixed = [`wrk.method = '${method}'`, ...named, `wrk.path = '${path}'`]
  if (numbers === undefined) return fixed.join('\n')
  const next = `n = n % ${numbers} + 1; local path = ('${path}'):gsub('{n}', n); return wrk.format(nil, path)`
  return [...fixed, 'n = 0', `function request() ${next} end`].join('\n')
}

/** The file exists until `use` has finished. */
async function withFile<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-bench-'))
  const file = join(folder, 'script')
  writeFileSync(file, text)
  return use(file).finally(() => rmSync(folder, { recursive: true }))
}

export function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`no ${pattern} in:\n${text}`)
  return Number(found)
}
