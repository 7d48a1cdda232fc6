import type { Logger } from 'pino'
import { systemClock as clock } from '../lib/clock.ts'
import { ConfigError, type Config } from './config.ts'
import type { DatabaseOptions } from '../postgres/database.ts'
import { chooseDataDir, type DataDir } from '../postgres/embedded/data-dir.ts'
import { createProviderRegistry, type ProviderRegistry } from '../providers/registry.ts'

export type Version = { readonly name: string; readonly version: string; readonly node: string }

/** What every command needs. */
export type AppContext = { readonly config: Config; readonly log: Logger; readonly version: Version }

/** How the settings name a database. */
export function databaseOptions({ config, log }: AppContext): DatabaseOptions {
  return {
    at: config.DATABASE_URL ?? dataDirOf(config),
    poolSize: config.DATABASE_POOL,
    log: { warn: (message) => log.warn(message), debug: (message) => log.debug(message) },
  }
}

/** @throws ConfigError for a directory that cannot be used */
function dataDirOf({ DATA_DIR }: Config): DataDir {
  try {
    return chooseDataDir({ given: DATA_DIR, root: process.cwd() })
  } catch (error) {
    throw new ConfigError([(error as Error).message])
  }
}

/**
 * The providers as the settings have them.
 * @throws ConfigError for a replay file that cannot be read
 */
export function createProviders({ config, log }: AppContext): ProviderRegistry {
  try {
    return createProviderRegistry({
      clock,
      log,
      yahooBaseUrl: config.YFINANCE_BASE_URL,
      yahooTimeoutMs: config.YFINANCE_TIMEOUT_MS,
      simulatedSeed: config.SIMULATED_SEED,
      replayFile: config.REPLAY_FILE,
      replaySpeed: config.REPLAY_SPEED,
    })
  } catch (error) {
    throw new ConfigError([`REPLAY_FILE=${config.REPLAY_FILE}: ${(error as Error).message}`])
  }
}
