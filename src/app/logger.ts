import { pino, type Logger } from 'pino'
import { secretsOf, type Config } from './config.ts'
import { withoutSecrets } from '../core/access/secret.ts'

/** Logs go to stderr: stdout is for what was asked. No key and no secret of the settings comes through, wherever it stood. */
export function createLog(config: Config): Logger {
  const { LOG_LEVEL } = config
  const options = { level: LOG_LEVEL, hooks: { streamWrite: createMask(config) } }
  if (!process.stderr.isTTY || LOG_LEVEL === 'silent') return pino(options, pino.destination(2))
  return pino({ ...options, transport: { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname' } } })
}

/** Commands say themselves what is wrong; they log only for somebody who looks for a fault. */
export function createQuietLog(config: Config): Logger {
  const { LOG_LEVEL } = config
  return createLog({ ...config, LOG_LEVEL: LOG_LEVEL === 'debug' || LOG_LEVEL === 'trace' ? LOG_LEVEL : 'silent' })
}

/** Over the finished line, so that there is no place that was forgotten: a list of fields would have some. */
function createMask(config: Config): (line: string) => string {
  const secrets = secretsOf(config).flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  return (line) => secrets.reduce((text, secret) => text.replaceAll(secret, '…'), withoutSecrets(line))
}
