import { fileURLToPath } from 'node:url'
import { fillReferenceTables, startReference } from './reference.ts'
import { startServer } from './postgres.ts'
import { firstMatch, startProgram, wrk, type Process } from './processes.ts'
import { interleave, type Scale } from './interleave.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const ROUTE = '/prices/latest'
const PATH = `${ROUTE}?symbol=AAPL&provider=simulated`
const CONNECTIONS = 16

const BARE = new URL('peers/bare.ts', import.meta.url)
const FRAMEWORK = new URL('peers/fastify.ts', import.meta.url)

/**
 * Responses per second for a stored, fresh price. We validate the request, read the price and compute its age; bare
 * node:http and a single Fastify route send the same headers and bytes unconditionally; the reference reads its newest row.
 */
export async function measureLatest(scale: Scale): Promise<readonly Figure[]> {
  await using service = await startService()
  const confirm = () => fetch(`${service.url}${PATH}&max_age=0`)
  await confirm()
  const response = await fetch(service.url + PATH)
  const template = { path: ROUTE, headers: repeatable(response.headers), body: await response.text() }
  await using bare = await startPeer(BARE, template)
  await using framework = await startPeer(FRAMEWORK, template)
  const [bareUrl, frameworkUrl] = await Promise.all([bare, framework].map((peer) => firstMatch(peer, /(http.+)/)))
  await using server = await startServer()
  const database = await server.createDatabase()
  await using reference = await startReference({ databaseUrl: database.url })
  await fillReferenceTables(database, 10_000)
  const options = { connections: CONNECTIONS, seconds: scale.seconds }
  const rates = await interleave(scale, {
    ours: async () => {
      await confirm()
      return wrk(service.url + PATH, options)
    },
    bare: () => wrk(bareUrl + PATH, options),
    framework: () => wrk(frameworkUrl + PATH, options),
    reference: () => wrk(`${reference.url}/prices/latest?symbol=AAPL&provider=yfinance`, options),
  })
  const figure = { what: 'hot /prices/latest', unit: 'responses/s', ours: rates.ours }
  return [
    { ...figure, peer: { name: 'bare node:http', theirs: rates.bare, target: { atLeast: 0.8 } } },
    { ...figure, peer: { name: 'one Fastify route', theirs: rates.framework } },
    { ...figure, peer: { name: 'reference (FastAPI)', theirs: rates.reference, target: { atLeast: 80 } } },
  ]
}

/** Headers that each server adds itself. */
const OWN = new Set(['date', 'connection', 'keep-alive'])

function repeatable(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => !OWN.has(name)))
}

function startPeer(program: URL, template: object): Promise<Process> {
  return startProgram([process.execPath, fileURLToPath(program), JSON.stringify(template)])
}
