import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { parse } from 'yaml'
import { startEmbedded } from '../../src/postgres/embedded/server.ts'
import { freePort } from './free-port.ts'
import { freshName, kafkaBrokers } from './kafka.ts'
import { createFolder, spawnCommand, startService, type ServiceProcess } from './service-process.ts'

/** A container as compose.yaml describes it; only what tests look at. */
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

const PASSWORDS = { POSTGRES_PASSWORD: 'of-nobody', SERVICE_PASSWORD: 'of-the-service', GRAFANA_PASSWORD: 'of-grafana' }

/** The containers of compose.yaml, with the variables of a `.env` in place. @throws where one is needed and not there */
export function readCompose(
  variables: Readonly<Record<string, string>> = PASSWORDS,
): Readonly<Record<string, Container>> {
  const text = readFileSync(join(project, 'compose.yaml'), 'utf8')
  const given = text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (...[, name = '', kind, word = '']: string[]) => {
    const value = variables[name] ?? (kind === '-' ? word : undefined)
    if (value === undefined) throw new Error(`${name}: ${word}`)
    return value
  })
  return (parse(given, { merge: true }) as { services: Record<string, Container> }).services
}

export type Containers = {
  /** Runs a container to its end. */
  run(name: string): Promise<{ readonly code: number | null; readonly stderr: string }>
  /** Starts a container that serves, and waits until it is ready. */
  start(name: string): Promise<ServiceProcess>
  /** How a user of the database reaches it, by the name and the password that he was given. */
  databaseOf(user: 'market_data' | 'grafana'): string
}

/**
 * What compose.yaml starts, as processes of this machine: PostgreSQL set up as it says, and for the service the same
 * commands, environment, user and rights. Addresses are put in place, for here all have one.
 */
export async function createContainers(t: TestContext): Promise<Containers> {
  const services = readCompose()
  const [port, brokers] = await Promise.all([startPostgres(t), kafkaBrokers()])
  const here = (text: string) => text.replace('@postgres/', `@127.0.0.1:${port}/`).replace('kafka:9092', brokers)
  // The broker is that of all tests.
  const KAFKA_TOPIC = freshName(t)
  const context = ({ environment = {} }: Container) => {
    const given = Object.entries(environment).map(([name, value]) => [name, here(String(value))])
    return { cwd: project, env: { ...imageEnvironment(), ...Object.fromEntries(given), KAFKA_TOPIC, PORT: '0' } }
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

/** tini is left out: nobody is process 1 here. */
function commandOf({ entrypoint = ['market-data'], command = [] }: Container): readonly string[] {
  return [...confined(), ...entrypoint.filter((word) => word !== 'tini' && word !== '--'), ...command]
}

/**
 * In front of a command, what takes from it what compose.yaml and the image take: root, capabilities, the way to new rights,
 * and a file system that can be written. Whoever is not root, or may not do that, has less to give up.
 */
export function confined(): readonly string[] {
  const readOnly = ['unshare', '--mount', 'sh', '-c', 'mount -o remount,bind,ro / && exec "$@"', 'sh']
  const nobody = ['setpriv', '--reuid=10001', '--regid=10001', '--clear-groups']
  const powerless = [...nobody, '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs']
  const choices = [[...readOnly, ...powerless], powerless]
  return process.getuid?.() === 0 ? (choices.find(canReadProject) ?? []) : []
}

function canReadProject([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, [...args, 'test', '-r', join(project, 'package.json')]).status === 0
}

/** The variables that the Dockerfile sets, with its folders where they are here. */
export function imageEnvironment(): Record<string, string> {
  const line = /^ENV (.+)$/m.exec(dockerfile())?.[1] ?? ''
  const here = line.replaceAll('/app/', `${project}/`).replace('$PATH', process.env['PATH'] ?? '')
  return Object.fromEntries(here.split(' ').map((pair) => pair.split('=') as [string, string]))
}

/** The command by which a container engine finds out whether the service is ready. */
export function healthCheck(): readonly string[] {
  return JSON.parse(/^HEALTHCHECK (?:.|\\\n)*? CMD (\[.+\])$/m.exec(dockerfile())?.[1] ?? '') as string[]
}

function dockerfile(): string {
  return readFileSync(join(project, 'Dockerfile'), 'utf8')
}

/** A server of its own that asks for passwords, on which users.sql was run as its container runs it. */
async function startPostgres(t: TestContext): Promise<number> {
  const state = createFolder()
  const port = await freePort()
  const hba_file = join(state, 'pg_hba.conf')
  writeFileSync(hba_file, 'local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n')
  const server = await startEmbedded({
    state,
    binaries: join(tmpdir(), `market-data-test-binaries-${process.getuid?.()}`),
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

/** What psql would send. */
function usersSql(): string {
  const variables: Readonly<Record<string, string>> = PASSWORDS
  const text = readFileSync(join(project, 'deploy/postgres/users.sql'), 'utf8')
  const named = new Map([...text.matchAll(/^\\getenv (\w+) (\w+)$/gm)].map(([, name, from]) => [name, from]))
  return text
    .replaceAll(/^\\getenv .*$/gm, '')
    .replaceAll(/:'(\w+)'/g, (_, name: string) => pg.escapeLiteral(variables[named.get(name) ?? ''] ?? ''))
}
