import { readFileSync } from 'node:fs'
import type { BaseOptions } from '@platformatic/kafka'
import type { KafkaSettings } from './settings.ts'

/** How all our Kafka clients reach the brokers. */
export type KafkaAccess = Pick<
  BaseOptions,
  'clientId' | 'bootstrapBrokers' | 'connectTimeout' | 'requestTimeout' | 'retryDelay' | 'sasl' | 'tls'
>

const CONNECT_TIMEOUT_MS = 2_000
/** Longer than the longest wait of a fetch, and short enough to abandon a frozen broker. */
const REQUEST_TIMEOUT_MS = 8_000
const RETRY_DELAY_MS = 300

/** The client options for these settings. @throws Error with the file's name if a certificate or key cannot be read */
export function kafkaAccess(settings: KafkaSettings): KafkaAccess {
  const { KAFKA_BROKERS, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD } = settings
  const tls = tlsOf(settings)
  return {
    clientId: 'market-data',
    bootstrapBrokers: KAFKA_BROKERS ?? [],
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retryDelay: RETRY_DELAY_MS,
    ...(KAFKA_SASL_MECHANISM !== undefined && {
      sasl: {
        mechanism: KAFKA_SASL_MECHANISM,
        username: KAFKA_SASL_USERNAME ?? '',
        password: KAFKA_SASL_PASSWORD ?? '',
      },
    }),
    ...(tls !== undefined && { tls }),
  }
}

function tlsOf({ KAFKA_TLS, KAFKA_TLS_CA, KAFKA_TLS_CERT, KAFKA_TLS_KEY }: KafkaSettings): KafkaAccess['tls'] {
  const files = Object.entries({ ca: KAFKA_TLS_CA, cert: KAFKA_TLS_CERT, key: KAFKA_TLS_KEY })
  const given = files.filter((entry): entry is [string, string] => entry[1] !== undefined)
  if (KAFKA_TLS === 'off' && given.length === 0) return undefined
  return Object.fromEntries(given.map(([name, path]) => [name, readFileSync(path, 'utf8')]))
}
