import type { Logger } from 'pino'
import type { Output } from '../cli/terminal/output.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { ConfigError, type Config } from './config.ts'
import type { DatabaseOptions } from '../postgres/database.ts'
import { chooseDataDir, type DataDir } from '../postgres/embedded/data-dir.ts'
import { useProxy } from '../providers/transport/proxy.ts'
import { createProviderRegistry, type ProviderRegistry } from '../providers/registry.ts'

export type Version = { readonly name: string; readonly version: string; readonly node: string }

/** What the service and every command run with. */
export type AppContext = { readonly config: Config; readonly log: Logger; readonly version: Version }

/** What the commands are created with. `readContext` reads the settings only when a command runs: help needs none. */
export type CommandContext = { readonly output: Output; readonly readContext: () => AppContext }

/**
 * The database that the settings name.
 * @throws ConfigError for a directory that cannot be used
 */
export function databaseOptions({ config, log }: AppContext): DatabaseOptions {
  return {
    at: config.DATABASE_URL ?? dataDirOf(config),
    poolSize: config.DATABASE_POOL,
    log: { warn: (message) => log.warn(message), debug: (message) => log.debug(message) },
  }
}

function dataDirOf({ DATA_DIR }: Config): DataDir {
  try {
    return chooseDataDir({ given: DATA_DIR, root: process.cwd() })
  } catch (error) {
    throw new ConfigError([(error as Error).message])
  }
}

/**
 * The providers that the settings make available.
 * @throws ConfigError for a setting that a provider cannot use, such as a replay file that cannot be read
 */
export async function createProviders({ config, log }: AppContext): Promise<ProviderRegistry> {
  const proxy = useProxy(config)
  if (proxy !== undefined) log.debug({ proxy }, 'requests to providers go through a proxy')
  try {
    return await createProviderRegistry(config, { clock, log })
  } catch (error) {
    throw new ConfigError([(error as Error).message])
  }
}
