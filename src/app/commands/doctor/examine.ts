import type { Check } from '../../../cli/health/doctor.ts'
import type { AppContext } from '../../context.ts'
import { checkKafka, checkProvider, checkService } from './network.ts'
import { problemsOf } from '../problems.ts'
import { checkStorage } from './storage.ts'

/** Checks everything that the service depends on. Read-only: no database is created and no price is stored. */
export async function examine(readContext: () => AppContext): Promise<readonly Check[]> {
  const [configuration, context] = checkConfiguration(readContext)
  if (context === undefined) return [checkNode(), configuration]
  const checks = [checkStorage(context), checkKafka(context), checkService(context), checkProvider(context)]
  return [checkNode(), configuration, ...(await Promise.all(checks)).flat()]
}

const OLDEST_NODE = [24, 15] as const

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  const help = isNewEnough ? undefined : `Run bin/market-data, or install Node ${OLDEST_NODE.join('.')} or newer.`
  return { name: 'node', status: isNewEnough ? 'ok' : 'fail', detail: process.version, help }
}

function checkConfiguration(readContext: () => AppContext): [Check, AppContext?] {
  const name = 'configuration'
  try {
    return [{ name, status: 'ok', detail: 'valid' }, readContext()]
  } catch (error) {
    const help = 'docs/reference/configuration.md describes every setting.'
    return [{ name, status: 'fail', detail: problemsOf(error).join('; '), help }]
  }
}
