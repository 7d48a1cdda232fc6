import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority } from './certificates.ts'
import { startBroker, type Broker } from './kafka-broker.ts'
import { createFolder } from './service-process.ts'

type Authority = ReturnType<typeof createAuthority>

export type SecureBroker = Broker & {
  /** The certificate of its authority; a PEM file. */
  readonly authority: string
}

/** Its only user, with either mechanism. */
export const USER = { name: 'market', password: 'pass word' }

/** A broker that requires TLS and a password, by PLAIN or SCRAM-SHA-512. */
export async function startSecureBroker(): Promise<SecureBroker> {
  const authority = createAuthority('ours')
  const broker = await startBroker(
    {
      'listener.security.protocol.map': 'PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.plaintext.plain.sasl.jaas.config': `${module('plain.Plain')} username="admin" password="a" user_admin="a" user_${USER.name}="${USER.password}";`,
      'listener.name.plaintext.scram-sha-512.sasl.jaas.config': `${module('scram.Scram')};`,
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': createKeystore(authority),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.file,
    },
    [`SCRAM-SHA-512=[name=${USER.name},password=${USER.password}]`],
  )
  return { ...broker, authority: authority.file }
}

const module = (name: string) => `org.apache.kafka.common.security.${name}LoginModule required`

/** Key, certificate and authority in one file, as Kafka reads them. */
function createKeystore({ file: authority, issue }: Authority): string {
  const { key, certificate } = issue('127.0.0.1')
  const file = join(createFolder(), 'keystore.pem')
  const parts = [key, certificate, authority].map((part) => readFileSync(part, 'utf8'))
  writeFileSync(file, parts.join(''))
  return file
}
