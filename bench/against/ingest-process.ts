import { join } from 'node:path'
import type * as PoolModule from '../../src/postgres/connection/pool.ts'
import type * as FillModule from '../fill.ts'
import { ingestWith, type Workload } from '../ingest.ts'

// `node ingest-process.ts FOLDER URL`: ingests with the code of a checkout, and reports each workload that it receives.
// It relies on what these files of the other version export.

type Fill = Pick<typeof FillModule, 'createSustainedIngest'>
type Pool = Pick<typeof PoolModule, 'createPool' | 'endPool'>

const [folder = '', url = ''] = process.argv.slice(2)
const { createSustainedIngest } = (await import(join(folder, 'bench/fill.ts'))) as Fill
const { createPool, endPool } = (await import(join(folder, 'src/postgres/connection/pool.ts'))) as Pool
const pool = createPool(url, { size: 16, onError: () => {} })

process.on('message', (load: Workload) => void report(load))
process.once('disconnect', () => void endPool(pool))
process.send?.('ready')

async function report(load: Workload): Promise<void> {
  process.send?.(await ingestWith(createSustainedIngest(pool), load))
}
