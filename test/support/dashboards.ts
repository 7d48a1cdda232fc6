import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parse, stringify } from 'yaml'
import { ask, type Json } from './request.ts'
import { project } from './compose.ts'
import { freePort } from './free-port.ts'
import { createFolder } from './service-process.ts'
import { until } from './until.ts'

/** A query of a panel, or of a variable's choices. */
export type Query = { readonly of: string; readonly text: string; readonly datasource: string }

/** Every query of every dashboard, in the language of its data source. */
export function dashboardQueries(): Query[] {
  const folder = join(project, 'deploy/grafana/dashboards')
  const dashboards = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
  return dashboards.flatMap(({ title, panels, templating }) => panelQueries(title, panels).concat(choices(templating)))
}

function panelQueries(dashboard: string, panels: readonly Json[]): Query[] {
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, rawSql, datasource }: Json) => ({
      of: `${dashboard}: ${title}`,
      text: expr ?? rawSql,
      datasource: datasource.uid,
    })),
  )
}

function choices({ list }: Json): Query[] {
  return list.map(({ name, query, datasource }: Json) => ({ of: `$${name}`, text: query, datasource: datasource.uid }))
}

/** SQL as Grafana sends it, for the last hour and the chosen variables. */
export function asGrafanaSends(sql: string, chosen: Readonly<Record<string, string>>): string {
  return sql
    .replaceAll(/\$__timeFilter\((\w+)\)/g, "$1 between now() - interval '1 hour' and now()")
    .replaceAll(/\$(\w+)/g, (_, name: string) => chosen[name] ?? `$${name}`)
}

/** The uids of the provisioned data sources. */
export function datasourceUids(): string[] {
  const file = join(project, 'deploy/grafana/provisioning/datasources/market-data.yaml')
  return parse(readFileSync(file, 'utf8')).datasources.map((one: Json) => one.uid)
}

export type Prometheus = {
  /** The result of an instant query. @throws if it is invalid */
  query(expression: string): Promise<readonly Json[]>
  /** The alerts by name, each with the result of its last evaluation. */
  alerts(): Promise<readonly { readonly name: string; readonly health: string; readonly state: string }[]>
}

/** A real Prometheus with the configuration of deploy/prometheus, except for the addresses and a shorter interval. */
export async function startPrometheus(t: TestContext, targets: Readonly<Record<string, string>>): Promise<Prometheus> {
  const folder = createFolder()
  const listen = `127.0.0.1:${await freePort()}`
  writeFileSync(join(folder, 'prometheus.yml'), stringify(configFor(targets)))
  const flags = { 'config.file': 'prometheus.yml', 'storage.tsdb.path': 'data', 'web.listen-address': listen }
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const child = spawn('prometheus', args, { cwd: folder, stdio: 'ignore' })
  t.after(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null) await once(child, 'exit')
  })
  const read = async (path: string) => (await ask(`http://${listen}/api/v1/${path}`)).json
  await until(() => read('rules').catch(() => undefined), 'Prometheus responds')
  return {
    query: async (expression) => {
      const response = await read(`query?query=${encodeURIComponent(expression)}`)
      if (response.status !== 'success') throw new Error(`${expression}: ${response.error}`)
      return response.data.result
    },
    alerts: async () => (await read('rules')).data.groups.flatMap((group: Json) => group.rules),
  }
}

function configFor(targets: Readonly<Record<string, string>>): object {
  const folder = join(project, 'deploy/prometheus')
  const config = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8'))
  const [job] = config.scrape_configs
  const names = job.dns_sd_configs[0].names as string[]
  delete job.dns_sd_configs
  job.static_configs = names.map((role) => ({ labels: { role }, targets: [new URL(targets[role] ?? '').host] }))
  delete job.relabel_configs
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
  config.rule_files = config.rule_files.map((file: string) => join(folder, file))
  return config
}
