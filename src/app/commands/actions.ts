import type { Output } from '../../cli/terminal/output.ts'
import type { Actions } from '../../cli/program.ts'
import { readConfig } from '../config.ts'
import { createQuietLog } from '../logger.ts'
import type { Version } from '../context.ts'
import { createJobActions } from './job.ts'
import { createKafkaActions } from './kafka.ts'
import { createKeyActions } from './key.ts'
import { createTransferActions } from './transfer.ts'
import { createPriceActions } from './price.ts'
import { createServiceActions } from './service.ts'
import { createMaintenanceActions } from './maintenance.ts'

/** What each command does, from the services' parts. Every action resolves with the exit code. */
export function createActions(version: Version, output: Output): Actions {
  const readContext = () => {
    const config = readConfig()
    return { config, log: createQuietLog(config), version }
  }
  const context = { output, readContext }
  return {
    ...createServiceActions(context),
    ...createKafkaActions(context),
    ...createMaintenanceActions(context),
    ...createTransferActions(context),
    ...createPriceActions(context),
    ...createJobActions(context),
    ...createKeyActions(context),
  }
}
