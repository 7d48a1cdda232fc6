import { fileURLToPath } from 'node:url'
import { fillReference, startReference } from './reference.ts'
import { startServer } from './postgres.ts'
import { firstMatch, load, startProgram, type Process } from './processes.ts'
import { interleave, type Scale } from './rounds.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const ROUTE = '/prices/latest'
const PATH = `${ROUTE}?symbol=AAPL&provider=simulated`
const CONNECTIONS = 16

const BARE = new URL('peers/bare.ts', import.meta.url)
const FRAMEWORK = new URL('peers/fastify.ts', import.meta.url)

/**
 * Answers a second of a price that is stored and young: ours checked, read and told how old it is; bare node:http sends the
 * same headers and bytes without looking, and so does one route of Fastify; the original reads its newest row.
 */
export async function measureLatest(scale: Scale): Promise<readonly Figure[]> {
  await using service = await startService()
  const confirm = () => fetch(`${service.url}${PATH}&max_age=0`)
  await confirm()
  const answer = await fetch(service.url + PATH)
  const same = { path: ROUTE, headers: repeatable(answer.headers), body: await answer.text() }
  await using bare = await startPeer(BARE, same)
  await using framework = await startPeer(FRAMEWORK, same)
  const [bareUrl, frameworkUrl] = await Promise.all([bare, framework].map((peer) => firstMatch(peer, /(http.+)/)))
  await using server = await startServer()
  const database = await server.createDatabase()
  await using original = await startReference({ databaseUrl: database.url })
  await fillReference(database, 10_000)
  const options = { connections: CONNECTIONS, seconds: scale.seconds }
  const rates = await interleave(scale, {
    ours: async () => {
      await confirm()
      return load(service.url + PATH, options)
    },
    bare: () => load(bareUrl + PATH, options),
    framework: () => load(frameworkUrl + PATH, options),
    original: () => load(`${original.url}/prices/latest?symbol=AAPL&provider=yfinance`, options),
  })
  const figure = { what: 'hot /prices/latest', unit: 'answers/s', ours: rates.ours }
  return [
    { ...figure, peer: { name: 'bare node:http', theirs: rates.bare, wanted: { atLeast: 0.8 } } },
    { ...figure, peer: { name: 'one route of Fastify', theirs: rates.framework } },
    { ...figure, peer: { name: 'FastAPI', theirs: rates.original, wanted: { atLeast: 80 } } },
  ]
}

/** What each server adds by itself is left to it. */
const OWN = new Set(['date', 'connection', 'keep-alive'])

function repeatable(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries([...headers].filter(([name]) => !OWN.has(name)))
}

function startPeer(program: URL, same: object): Promise<Process> {
  return startProgram([process.execPath, fileURLToPath(program), JSON.stringify(same)])
}
