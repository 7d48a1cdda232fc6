import { pino, type Logger } from 'pino'
import type { Config } from './config.ts'

/** Logs go to stderr: stdout is for what was asked. */
export function createLog({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>): Logger {
  const options = { level: LOG_LEVEL, redact: ['req.headers.authorization', 'req.headers["x-api-key"]'] }
  if (!process.stderr.isTTY || LOG_LEVEL === 'silent') return pino(options, pino.destination(2))
  return pino({ ...options, transport: { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname' } } })
}

/** Commands say themselves what is wrong; they log only for somebody who looks for a fault. */
export function createQuietLog({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>): Logger {
  return createLog({ LOG_LEVEL: LOG_LEVEL === 'debug' || LOG_LEVEL === 'trace' ? LOG_LEVEL : 'silent' })
}
