import { historyStatement } from '../src/postgres/prices/history.ts'
import { fillPrices } from './fill.ts'
import { startServer } from './postgres.ts'
import { pgbench, wrk } from './processes.ts'
import { interleave, type Scale } from './interleave.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const PAGE = 100
const CONNECTIONS = 8

/** Pages of the newest 100 prices per second: ours over HTTP as exact JSON, pgbench's by the same statement on the same rows. */
export async function measureHistory(scale: Scale): Promise<readonly Figure[]> {
  await using server = await startServer()
  const database = await server.createDatabase()
  await fillPrices(database.pool, { series: 100, rows: scale.events * 5 })
  await using service = await startService({ DATABASE_URL: database.url })
  const statement = statementOf()
  const rates = await interleave(scale, {
    ours: () =>
      wrk(`${service.url}/prices/history?symbol=S1&provider=simulated&limit=${PAGE}`, {
        connections: CONNECTIONS,
        seconds: scale.seconds,
      }),
    pgbench: () => pgbench(database, statement, { clients: CONNECTIONS, seconds: scale.seconds, replans: true }),
  })
  const peer = { name: 'pgbench', theirs: rates.pgbench, target: { atLeast: 0.4 } }
  return [{ what: `history, a page of ${PAGE}`, unit: 'pages/s', ours: rates.ours, peer }]
}

/** The statement that the service sends to PostgreSQL for such a page, with its values inlined. */
function statementOf(): string {
  const request = {
    provider: 'simulated',
    symbol: 'S1',
    limit: PAGE + 1,
    order: 'desc',
    withSuperseded: false,
  } as const
  const { text, values } = historyStatement(request)
  const inlined = text.replaceAll(/\$(\d+)/g, (_, n: string) => literal(values[Number(n) - 1] ?? null))
  return `${inlined.replaceAll('\n', ' ')};`
}

function literal(value: string | number | null): string {
  return value === null ? 'null' : `'${value}'`
}
