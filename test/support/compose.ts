import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { parse } from 'yaml'
import { startEmbedded } from '../../src/postgres/embedded/server.ts'
import { freePort } from './free-port.ts'
import { freshName, kafkaBrokers } from './kafka.ts'
import { createFolder, spawnCommand, startService, type ServiceProcess } from './service-process.ts'
import { binaries, copyCluster } from './test-data.ts'

/** A container as compose.yaml describes it; only the parts that tests use. */
export type Container = {
  readonly image: string
  readonly build?: string
  readonly user?: string
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly ports?: readonly string[]
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly read_only?: boolean
  readonly restart?: string
}

export const project = join(import.meta.dirname, '../..')

const PASSWORDS = {
  POSTGRES_PASSWORD: 'of-postgres',
  SERVICE_PASSWORD: 'of-the-service',
  GRAFANA_PASSWORD: 'of-grafana',
}

/** The containers of compose.yaml, with the variables of an `.env` substituted. @throws if a required one is missing */
export function readCompose(
  variables: Readonly<Record<string, string>> = PASSWORDS,
): Readonly<Record<string, Container>> {
  const text = readFileSync(join(project, 'compose.yaml'), 'utf8')
  const substituted = text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (...[, name = '', kind, word = '']: string[]) => {
    const value = variables[name] ?? (kind === '-' ? word : undefined)
    if (value === undefined) throw new Error(`${name}: ${word}`)
    return value
  })
  return (parse(substituted, { merge: true }) as { services: Record<string, Container> }).services
}

export type Containers = {
  /** Runs a container to its end. */
  run(name: string): Promise<{ readonly code: number | null; readonly stderr: string }>
  /** Starts a container of the service, and waits until it is ready. */
  start(name: string): Promise<ServiceProcess>
  /** The database URL of a user, with its password. */
  databaseOf(user: 'market_data' | 'grafana'): string
}

/**
 * The containers of compose.yaml as processes of this machine: PostgreSQL with the same setup, and the service with the same
 * commands, environment, user and rights. Host names are replaced, because here all share one.
 */
export async function createContainers(t: TestContext): Promise<Containers> {
  const services = readCompose()
  const [port, brokers] = await Promise.all([startPostgres(t), kafkaBrokers()])
  const here = (text: string) => text.replace('@postgres/', `@127.0.0.1:${port}/`).replace('kafka:9092', brokers)
  // All tests share one broker.
  const KAFKA_TOPIC = freshName(t)
  const context = ({ environment = {} }: Container) => {
    const variables = Object.entries(environment).map(([name, value]) => [name, here(String(value))])
    return { cwd: project, env: { ...imageEnvironment(), ...Object.fromEntries(variables), KAFKA_TOPIC, PORT: '0' } }
  }
  const container = (name: string) => services[name] as Container
  return {
    run: async (name) => {
      const { exited, stderr } = spawnCommand(commandOf(container(name)), context(container(name)))
      return { code: await exited, stderr: stderr() }
    },
    start: (name) => startService(t, { ...context(container(name)), command: commandOf(container(name)) }),
    databaseOf: (user) => {
      const password = { market_data: PASSWORDS.SERVICE_PASSWORD, grafana: PASSWORDS.GRAFANA_PASSWORD }[user]
      return `postgres://${user}:${password}@127.0.0.1:${port}/market_data`
    },
  }
}

/** Without tini, because no process is process 1 here. */
function commandOf({ entrypoint = ['market-data'], command = [] }: Container): readonly string[] {
  return [...confined(), ...entrypoint.filter((word) => word !== 'tini' && word !== '--'), ...command]
}

/**
 * A command prefix with the restrictions of compose.yaml and the image: no root, no capabilities, no new privileges, and a
 * read-only file system. Without root, or if a restriction is not possible, fewer apply.
 */
export function confined(): readonly string[] {
  const readOnly = ['unshare', '--mount', 'sh', '-c', 'mount -o remount,bind,ro / && exec "$@"', 'sh']
  const user = ['setpriv', '--reuid=10001', '--regid=10001', '--clear-groups']
  const unprivileged = [...user, '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs']
  const choices = [[...readOnly, ...unprivileged], unprivileged]
  return process.getuid?.() === 0 ? (choices.find(canReadProject) ?? []) : []
}

function canReadProject([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, [...args, 'test', '-r', join(project, 'package.json')]).status === 0
}

/** The variables that the Dockerfile sets, with its folders replaced by those of this machine. */
export function imageEnvironment(): Record<string, string> {
  const line = /^ENV (.+)$/m.exec(dockerfile())?.[1] ?? ''
  const here = line.replaceAll('/app/', `${project}/`).replace('$PATH', process.env['PATH'] ?? '')
  return Object.fromEntries(here.split(' ').map((pair) => pair.split('=') as [string, string]))
}

/** The health check of the image. */
export function healthCheck(): readonly string[] {
  return JSON.parse(/^HEALTHCHECK (?:.|\\\n)*? CMD (\[.+\])$/m.exec(dockerfile())?.[1] ?? '') as string[]
}

function dockerfile(): string {
  return readFileSync(join(project, 'Dockerfile'), 'utf8')
}

/** A PostgreSQL server that requires passwords, on which users.sql has run as in its container. */
async function startPostgres(t: TestContext): Promise<number> {
  const state = createFolder()
  copyCluster(state)
  const port = await freePort()
  const hba_file = join(state, 'pg_hba.conf')
  writeFileSync(hba_file, 'local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n')
  const server = await startEmbedded({
    state,
    binaries,
    log: () => {},
    settings: { listen_addresses: '127.0.0.1', port: String(port), hba_file, max_connections: '100', fsync: 'off' },
  })
  t.after(() => server.stop())
  const client = new pg.Client({ ...server.connection, port })
  await client.connect()
  for (const statement of usersSql().split(';\n')) await client.query(statement)
  await client.end()
  return port
}

/** The SQL that psql would send. */
function usersSql(): string {
  const variables: Readonly<Record<string, string>> = PASSWORDS
  const text = readFileSync(join(project, 'deploy/postgres/users.sql'), 'utf8')
  const named = new Map([...text.matchAll(/^\\getenv (\w+) (\w+)$/gm)].map(([, name, from]) => [name, from]))
  return text
    .replaceAll(/^\\getenv .*$/gm, '')
    .replaceAll(/:'(\w+)'/g, (_, name: string) => pg.escapeLiteral(variables[named.get(name) ?? ''] ?? ''))
}
