import { pino, type Logger } from 'pino'
import { secretsOf, type Config } from './config.ts'
import { withoutSecrets } from '../core/access/secret.ts'

/** The log is stderr; stdout is for the output of commands. API keys and secrets of the settings are masked in every line. */
export function createLog(config: Config): Logger {
  const { LOG_LEVEL } = config
  const options = { level: LOG_LEVEL, hooks: { streamWrite: createMask(config) } }
  if (!process.stderr.isTTY || LOG_LEVEL === 'silent') return pino(options, pino.destination(2))
  return pino({ ...options, transport: { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname' } } })
}

/** Commands report errors themselves, so their log is silent unless `LOG_LEVEL` is `debug` or `trace`. */
export function createQuietLog(config: Config): Logger {
  const { LOG_LEVEL } = config
  return createLog({ ...config, LOG_LEVEL: LOG_LEVEL === 'debug' || LOG_LEVEL === 'trace' ? LOG_LEVEL : 'silent' })
}

/** Masks the finished line: a list of fields to mask would be incomplete. */
function createMask(config: Config): (line: string) => string {
  const secrets = secretsOf(config).flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  return (line) => secrets.reduce((text, secret) => text.replaceAll(secret, '…'), withoutSecrets(line))
}
