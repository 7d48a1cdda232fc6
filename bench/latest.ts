import { fileURLToPath } from 'node:url'
import { fillOriginal, startOriginal } from './original.ts'
import { startServer } from './postgres.ts'
import { firstMatch, load, startProgram, type Process } from './programs.ts'
import { inTurns, type Scale } from './rounds.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const PATH = '/prices/latest?symbol=AAPL&provider=simulated'
const CONNECTIONS = 16

/**
 * Answers a second of a price that is stored and young: ours checked, read and told how old it is; bare node:http sends the
 * same headers and bytes without looking; the original reads its newest row.
 */
export async function measureLatest(scale: Scale): Promise<readonly Figure[]> {
  await using service = await startService()
  const confirm = () => fetch(`${service.url}${PATH}&max_age=0`)
  await confirm()
  const answer = await fetch(service.url + PATH)
  await using bare = await startBare(answer.headers, await answer.text())
  const bareUrl = await firstMatch(bare, /(http.+)/)
  await using server = await startServer()
  const database = await server.createDatabase()
  await using original = await startOriginal({ databaseUrl: database.url })
  await fillOriginal(database, 10_000)
  const options = { connections: CONNECTIONS, seconds: scale.seconds }
  const rates = await inTurns(scale, {
    ours: async () => {
      await confirm()
      return load(service.url + PATH, options)
    },
    bare: () => load(bareUrl, options),
    original: () => load(`${original.url}/prices/latest?symbol=AAPL&provider=yfinance`, options),
  })
  const figure = { what: 'hot /prices/latest', unit: 'answers/s', ours: rates.ours }
  return [
    { ...figure, peer: { name: 'bare node:http', theirs: rates.bare, wanted: { atLeast: 0.8 } } },
    { ...figure, peer: { name: 'FastAPI', theirs: rates.original, wanted: { atLeast: 80 } } },
  ]
}

/** What each server adds by itself is left to it. */
const OWN = new Set(['date', 'connection', 'keep-alive'])

function startBare(headers: Headers, body: string): Promise<Process> {
  const same = Object.fromEntries([...headers].filter(([name]) => !OWN.has(name)))
  const program = fileURLToPath(new URL('peers/bare.ts', import.meta.url))
  return startProgram([process.execPath, program, JSON.stringify({ headers: same, body })])
}
