import { Type, type Static } from 'typebox'

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

/** The variables that say where Kafka is and how to get in; part of the one schema of the settings. */
export const KAFKA_SETTINGS = {
  KAFKA_BROKERS: Type.Optional(
    Type.Array(Type.String({ pattern: '^[^\\s:]+:\\d{1,5}$' }), {
      minItems: 1,
      expects: 'host:port, separated by commas',
      description:
        'Brokers to ask first (`host:port`, separated by commas). Without any, averages follow the log itself.',
    }),
  ),
  KAFKA_TOPIC: Type.String({
    default: 'price-events',
    pattern: '^[a-zA-Z0-9._-]{1,200}$',
    description: 'The topic on which prices are announced. Dead letters go to the same name with `-dlt` behind it.',
  }),
  KAFKA_PARTITIONS: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description:
        'Partitions of the topic: 6 where it is made and nothing is said. One that is there must have as many.',
    }),
  ),
  KAFKA_REPLICATION: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 32,
      description: 'Replicas of each partition. Default: the broker decides. A topic that is there must have as many.',
    }),
  ),
  KAFKA_SASL_MECHANISM: Type.Optional(
    Type.Enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], {
      description: 'How to sign in; needs a name and a password.',
    }),
  ),
  KAFKA_SASL_USERNAME: Type.Optional(Type.String({ minLength: 1, description: 'Name to sign in with.' })),
  KAFKA_SASL_PASSWORD: Type.Optional(
    Type.String({ minLength: 1, secret: true, description: 'Password to sign in with.' }),
  ),
  KAFKA_TLS: Type.Enum(['on', 'off'], {
    default: 'off',
    description: 'Encrypt, and check who the broker is. A file of certificates below turns it on as well.',
  }),
  KAFKA_TLS_CA: file('PEM file with the authorities that may vouch for the brokers. Default: those that Node knows.'),
  KAFKA_TLS_CERT: file('PEM file with our own certificate, for brokers that ask for one; needs its key.'),
  KAFKA_TLS_KEY: file('PEM file with the key of `KAFKA_TLS_CERT`.'),
}

const Settings = Type.Object(KAFKA_SETTINGS)

export type KafkaSettings = Readonly<Static<typeof Settings>>

/** What is wrong between the Kafka variables, a line each. */
export function kafkaMistakes(settings: KafkaSettings): string[] {
  const problems: string[] = []
  const together = (...names: (keyof KafkaSettings)[]) => {
    const missing = names.filter((name) => settings[name] === undefined)
    if (missing.length > 0 && missing.length < names.length) {
      problems.push(`${names.join(', ')}: go together; missing: ${missing.join(', ')}`)
    }
  }
  together('KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD')
  together('KAFKA_TLS_CERT', 'KAFKA_TLS_KEY')
  return problems
}
