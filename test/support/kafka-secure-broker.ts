import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority, createCertificate } from './certificates.ts'
import { startBroker, type Broker } from './kafka-broker.ts'
import { createFolder } from './service-process.ts'

export type SecureBroker = Broker & {
  /** The authority that vouches for it, in a PEM file; and one that does not. */
  readonly authority: string
  readonly stranger: string
}

/** Its one user, whatever the mechanism. */
export const USER = { name: 'market', password: 'pass word' }

/** A broker that speaks to nobody without TLS and a password, which it takes as PLAIN and as SCRAM-SHA-512. */
export async function startSecureBroker(): Promise<SecureBroker> {
  const folder = createFolder()
  const [authority, stranger] = [createAuthority(folder, 'authority'), createAuthority(folder, 'stranger')]
  const broker = await startBroker(
    {
      'listener.security.protocol.map': 'PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.plaintext.plain.sasl.jaas.config': `${module('plain.Plain')} username="admin" password="a" user_admin="a" user_${USER.name}="${USER.password}";`,
      'listener.name.plaintext.scram-sha-512.sasl.jaas.config': `${module('scram.Scram')};`,
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': createKeystore(folder),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority,
    },
    [`SCRAM-SHA-512=[name=${USER.name},password=${USER.password}]`],
  )
  return { ...broker, authority, stranger }
}

const module = (name: string) => `org.apache.kafka.common.security.${name}LoginModule required`

/** Key, certificate and authority in one file, as Kafka reads them. */
function createKeystore(folder: string): string {
  const { key, certificate } = createCertificate(folder, 'authority')
  const file = join(folder, 'keystore.pem')
  const parts = [key, certificate, join(folder, 'authority.pem')].map((part) => readFileSync(part, 'utf8'))
  writeFileSync(file, parts.join(''))
  return file
}
