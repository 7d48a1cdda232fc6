import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from './free-port.ts'
import { kafkaJava } from './kafka-libraries.ts'
import { dataRoot } from './test-data.ts'
import { until } from './until.ts'

export type Broker = {
  /** `host:port`, the same after a restart. */
  readonly brokers: string
  readonly pid: () => number
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>
  /** Stops it cleanly. */
  stop(): Promise<void>
  /** Starts it again with its data. */
  start(): Promise<void>
  /** Deletes its data. Only while it is stopped. */
  wipe(): Promise<void>
  /** Kills it and removes everything. */
  end(): Promise<void>
}

/** A JVM, on a machine that is busy with other tests. */
const START = { withinMs: 180_000 }

type Settings = Readonly<Record<string, string | number>>
type Ports = { readonly client: number; readonly controller: number }

/**
 * A separate broker on free ports. It dies with this process, however that dies.
 * @param scram the initial users, as its format command takes them
 */
export async function startBroker(settings: Settings = {}, scram: readonly string[] = []): Promise<Broker> {
  const ports = await portsOf(1)
  const clusterId = newClusterId()
  const broker = await createBroker({ id: 1, ports, clusterId, settings: { ...ONE, ...settings }, scram })
  await broker.start()
  return broker
}

/** Three brokers with three replicas of everything, two of which must acknowledge. */
export async function startCluster(): Promise<readonly Broker[]> {
  const ports = await portsOf(3)
  const clusterId = newClusterId()
  const brokers = await Promise.all([1, 2, 3].map((id) => createBroker({ id, ports, clusterId, settings: THREE })))
  await Promise.all(brokers.map((broker) => broker.start()))
  return brokers
}

const EVERY: Settings = {
  'process.roles': 'broker,controller',
  'controller.listener.names': 'CONTROLLER',
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.num.partitions': 4,
  'group.initial.rebalance.delay.ms': 0,
  'auto.create.topics.enable': 'false',
  'group.consumer.session.timeout.ms': 6_000,
  'group.consumer.min.session.timeout.ms': 5_000,
  'group.consumer.heartbeat.interval.ms': 1_000,
  'group.consumer.min.heartbeat.interval.ms': 500,
  'broker.heartbeat.interval.ms': 500,
  'broker.session.timeout.ms': 3_000,
}
const replicated = (replicas: number, inSync: number): Settings => ({
  'offsets.topic.replication.factor': replicas,
  'default.replication.factor': replicas,
  'min.insync.replicas': inSync,
  'transaction.state.log.replication.factor': replicas,
  'transaction.state.log.min.isr': inSync,
  'share.coordinator.state.topic.replication.factor': replicas,
  'share.coordinator.state.topic.min.isr': inSync,
})
const ONE: Settings = { ...EVERY, ...replicated(1, 1) }
const THREE: Settings = { ...EVERY, ...replicated(3, 2), 'unclean.leader.election.enable': 'false' }

function newClusterId(): string {
  return randomBytes(16).toString('base64url')
}

type Plan = {
  readonly id: number
  readonly ports: readonly Ports[]
  readonly clusterId: string
  readonly settings: Settings
  readonly scram?: readonly string[]
}

async function createBroker({ id, ports, clusterId, settings, scram = [] }: Plan): Promise<Broker> {
  const java = await kafkaJava()
  const folder = mkdtempSync(join(dataRoot(), 'market-data-kafka-'))
  const file = join(folder, 'server.properties')
  const own = ports[id - 1] as Ports
  writeFileSync(file, properties({ ...settings, ...places(id, ports, folder) }))
  let running: Running | undefined
  const format = () =>
    promisify(execFile)('java', [
      ...java,
      ...formatArguments(clusterId, file),
      ...scram.flatMap((user) => ['--add-scram', user]),
    ])
  const end = async (signal: NodeJS.Signals) => {
    const ending = running
    running = undefined
    if (ending !== undefined) await endProcess(ending, signal)
  }
  await format().catch((error: unknown) => {
    rmSync(folder, { recursive: true })
    throw error
  })
  return {
    brokers: `127.0.0.1:${own.client}`,
    pid: () => running?.pid ?? 0,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start: async () => {
      running = await startProcess([...java, '-Xmx384m', '-Xms128m', 'kafka.Kafka', file])
      await until(() => accepts(own.client, running), 'the broker accepts connections', START)
    },
    wipe: async () => {
      rmSync(join(folder, 'data'), { recursive: true })
      await format()
    },
    end: async () => {
      await end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function places(id: number, ports: readonly Ports[], folder: string): Settings {
  const own = ports[id - 1] as Ports
  return {
    'node.id': id,
    'controller.quorum.voters': ports.map(({ controller }, at) => `${at + 1}@127.0.0.1:${controller}`).join(),
    listeners: `PLAINTEXT://127.0.0.1:${own.client},CONTROLLER://127.0.0.1:${own.controller}`,
    'log.dirs': join(folder, 'data'),
  }
}

function properties(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function formatArguments(clusterId: string, file: string): string[] {
  // As one argument: an id may begin with a dash.
  return ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', file]
}

type Running = { readonly shell: ChildProcess; readonly pid: number; readonly errors: () => string }

/** The shell ends Java when its own input ends, which is when this process has ended, for whatever reason. */
const GUARD =
  'exec 3<&0; "$@" </dev/null 3<&- & pid=$!; echo $pid; (cat <&3 >/dev/null; kill -9 $pid) 2>/dev/null & wait $pid; kill $!'

async function startProcess(args: readonly string[]): Promise<Running> {
  const shell = spawn('sh', ['-c', GUARD, 'kafka', 'java', ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let errors = ''
  shell.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4_000)))
  const [line] = (await once(shell.stdout.setEncoding('utf8'), 'data')) as [string]
  shell.stdout.resume()
  return { shell, pid: Number(line), errors: () => errors }
}

async function endProcess({ shell, pid }: Running, signal: NodeJS.Signals): Promise<void> {
  if (shell.exitCode !== null) return
  const exited = once(shell, 'exit')
  // A frozen process does not handle SIGTERM.
  process.kill(pid, 'SIGCONT')
  process.kill(pid, signal)
  await exited
  shell.stdin?.destroy()
}

async function accepts(port: number, running: Running | undefined): Promise<boolean> {
  if (running?.shell.exitCode !== null) throw new Error(`the broker ended: ${running?.errors()}`)
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
  }).then((connected) => {
    socket.destroy()
    return connected === true
  })
}

async function portsOf(brokers: number): Promise<Ports[]> {
  const ports = await freePorts(brokers * 2)
  return Array.from({ length: brokers }, (_, at) => ({
    client: ports[at * 2] as number,
    controller: ports[at * 2 + 1] as number,
  }))
}
