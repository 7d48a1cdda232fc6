import { randomBytes } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { kafkaAccess, type KafkaAccess } from '../../src/kafka/client/options.ts'
import { readConfig } from '../../src/app/config.ts'
import { startBroker } from './kafka-broker.ts'

/** For tests that need a broker. If none is available they are skipped with a reason, but never in CI. */
export const needsKafka = { skip: process.env['KAFKA_BROKERS'] ? false : whatIsMissing() }

/** For tests that kill brokers, or run Kafka's own programs. */
export const needsKafkaItself = { skip: whatIsMissing() }

/** The broker of this test run, started on the first request; `KAFKA_BROKERS` is used instead if it is set. */
export async function kafkaBrokers(): Promise<string> {
  const given = process.env['KAFKA_BROKERS']
  if (given) return given
  const harness = process.env['TEST_KAFKA']
  if (harness) return requestBroker(harness)
  own ??= startBroker()
  return (await own).brokers
}

async function requestBroker(url: string): Promise<string> {
  const answer = await fetch(url)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`no Kafka broker: ${text}`)
  return text
}

/** How a test's own clients reach the brokers. */
export async function testAccess(): Promise<KafkaAccess> {
  return accessTo(await kafkaBrokers())
}

export function accessTo(brokers: string): KafkaAccess {
  return kafkaAccess(readConfig({ KAFKA_BROKERS: brokers }, '/nowhere'))
}

/** A unique name. */
export function freshName(t: TestContext): string {
  const slug = t.name.toLowerCase().replaceAll(/[^a-z]+/g, '-')
  return `${slug.slice(0, 40)}-${randomBytes(4).toString('hex')}`
}

let own: ReturnType<typeof startBroker> | undefined
after(async () => (await own)?.end())

function whatIsMissing(): string | false {
  if (process.env['CI'] === 'true') return false
  const missing = ['java', 'mvn'].filter((command) => !isInstalled(command))
  return missing.length > 0 && `no Kafka broker: install ${missing.join(' and ')}, or set KAFKA_BROKERS`
}

export function isInstalled(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
