import type { Output } from '../cli/output.ts'
import type { Actions } from '../cli/program.ts'
import { readConfig } from '../config.ts'
import { createQuietLog } from '../log.ts'
import type { Version } from '../setting.ts'
import { createJobActions } from './job-actions.ts'
import { createKafkaActions } from './kafka-actions.ts'
import { createKeyActions } from './key-actions.ts'
import { createMovingActions } from './moving-actions.ts'
import { createPriceActions } from './price-actions.ts'
import { createServiceActions } from './service-actions.ts'
import { createUpkeepActions } from './upkeep-actions.ts'

/** What each command does: its parts, put together, and the exit code. */
export function createActions(version: Version, output: Output): Actions {
  const readSetting = () => {
    const config = readConfig()
    return { config, log: createQuietLog(config), version }
  }
  const needs = { output, readSetting }
  return {
    ...createServiceActions(needs),
    ...createKafkaActions(needs),
    ...createUpkeepActions(needs),
    ...createMovingActions(needs),
    ...createPriceActions(needs),
    ...createJobActions(needs),
    ...createKeyActions(needs),
  }
}
