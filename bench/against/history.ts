import { measured, serverMeters } from '../cpu.ts'
import { fillPrices } from '../fill.ts'
import { closedPath, CONNECTIONS, newestPath, SERIES } from '../history.ts'
import { interleaveSamples, type Scale } from '../interleave.ts'
import { startServer, type Database } from '../postgres.ts'
import { wrk } from '../processes.ts'
import { startService } from '../service.ts'
import { migrateOf } from './checkout.ts'
import type { Change, Folders } from './compare.ts'

/** Pages of 100 prices per second: the newest of a thousand series in turn, and one of a closed range again and again. */
export async function compareHistory({ before, now }: Folders, scale: Scale): Promise<readonly Change[]> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startServer())
  const seconds = Math.ceil((scale.events * 5) / SERIES)
  const start = async (folder: string) => {
    const database = await server.createDatabase(await migrateOf(folder))
    await fillPrices(database.pool, { series: SERIES, rows: seconds * SERIES, averages: true })
    return { ...database, ...stack.use(await startService({ DATABASE_URL: database.url }, folder)) }
  }
  const [older, newer] = [await start(before), await start(now)]
  const newest = (service: Running) => () => request(service, newestPath(), scale)
  const repeated = (service: Running) => () => request(service, closedPath(seconds), scale)
  const samples = await interleaveSamples(scale, {
    before: newest(older),
    now: newest(newer),
    repeatedBefore: repeated(older),
    repeatedNow: repeated(newer),
  })
  const unit = 'pages/s'
  return [
    { what: 'history, a page of 100', unit, before: samples.before, now: samples.now },
    { what: 'the same page of a closed range', unit, before: samples.repeatedBefore, now: samples.repeatedNow },
  ]
}

type Running = Pick<Database, 'postmaster'> & { readonly url: string; readonly pid: number }

function request(service: Running, path: string, { seconds }: Scale) {
  const options = { connections: CONNECTIONS, seconds, numbers: SERIES }
  return measured(serverMeters(service), () => wrk(service.url + path, options))
}
