import { Type, type Static } from 'typebox'

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

/** The variables for the connection to Kafka; part of the one schema of the settings. */
export const KAFKA_SETTINGS = {
  KAFKA_BROKERS: Type.Optional(
    Type.Array(Type.String({ pattern: '^[^\\s:]+:\\d{1,5}$' }), {
      minItems: 1,
      expects: 'host:port, separated by commas',
      description: 'Bootstrap brokers (`host:port`, separated by commas). Without any, averages follow the log itself.',
    }),
  ),
  KAFKA_TOPIC: Type.String({
    default: 'price-events',
    pattern: '^[a-zA-Z0-9._-]{1,200}$',
    description: 'The topic on which prices are published. Dead letters go to the same name with the suffix `-dlt`.',
  }),
  KAFKA_PARTITIONS: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description: 'Partitions of the topic. A new topic gets 6 by default; an existing topic must match.',
    }),
  ),
  KAFKA_REPLICATION: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 32,
      description: 'Replicas of each partition. Default: the broker decides. An existing topic must match.',
    }),
  ),
  KAFKA_SASL_MECHANISM: Type.Optional(
    Type.Enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], {
      description: 'SASL mechanism; requires a user name and a password.',
    }),
  ),
  KAFKA_SASL_USERNAME: Type.Optional(Type.String({ minLength: 1, description: 'SASL user name.' })),
  KAFKA_SASL_PASSWORD: Type.Optional(Type.String({ minLength: 1, secret: true, description: 'SASL password.' })),
  KAFKA_TLS: Type.Enum(['on', 'off'], {
    default: 'off',
    description: 'Encrypt the connection and verify the broker. Any certificate file below turns it on, too.',
  }),
  KAFKA_TLS_CA: file('PEM file with the trusted certificate authorities. Default: those of Node.'),
  KAFKA_TLS_CERT: file('PEM file with the client certificate, for brokers that require one; needs its key.'),
  KAFKA_TLS_KEY: file('PEM file with the private key of `KAFKA_TLS_CERT`.'),
}

const Settings = Type.Object(KAFKA_SETTINGS)

export type KafkaSettings = Readonly<Static<typeof Settings>>

/** Contradictions between the Kafka variables, a line each. */
export function kafkaMistakes(settings: KafkaSettings): string[] {
  const problems: string[] = []
  const together = (...names: (keyof KafkaSettings)[]) => {
    const missing = names.filter((name) => settings[name] === undefined)
    if (missing.length > 0 && missing.length < names.length) {
      problems.push(`${names.join(', ')}: must be set together; missing: ${missing.join(', ')}`)
    }
  }
  together('KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD')
  together('KAFKA_TLS_CERT', 'KAFKA_TLS_KEY')
  return problems
}
