import type { Check } from '../../../cli/health/doctor.ts'
import { countOf } from '../../../cli/terminal/progress.ts'
import { validateQuote } from '../../../core/ingest/validate-quote.ts'
import { kafkaReason } from '../../../kafka/client/errors.ts'
import { proxyName } from '../../../providers/transport/proxy.ts'
import { ConfigError } from '../../config.ts'
import { createProviders, type AppContext } from '../../context.ts'
import { kafkaOf } from '../../kafka.ts'
import { findService } from '../running-service.ts'
import { problemsOf } from '../problems.ts'

/** The brokers and the topic; no check without Kafka. Never rejects. */
export async function checkKafka({ config }: AppContext): Promise<readonly Check[]> {
  const name = 'kafka'
  try {
    const kafka = kafkaOf(config)
    if (kafka === undefined) return []
    const { findTopic } = await import('../../../kafka/client/topics.ts')
    const topic = await findTopic(kafka.access, kafka.topic)
    const found = topic
      ? countOf(topic.partitions, 'partition')
      : 'does not exist yet; the first relay or consumer creates it'
    return [{ name, status: 'ok', detail: `topic ${kafka.topic.name}: ${found}` }]
  } catch (error) {
    const detail = error instanceof ConfigError ? error.problems.join('; ') : kafkaReason(error)
    return [{ name, status: 'fail', detail, help: 'Prices are still stored, and published once Kafka is back.' }]
  }
}

/** The service at `HOST` and `PORT`. Never rejects. */
export async function checkService({ config, version }: AppContext): Promise<Check> {
  const name = 'service'
  if (config.PORT === 0) return { name, status: 'warn', detail: 'PORT=0 picks a free port, so there is none to check' }
  const found = await findService(config)
  if (found.kind === 'none') {
    return { name, status: 'warn', detail: `none at ${found.url}`, help: 'To start it: market-data serve' }
  }
  if (found.kind === 'other') {
    const help = 'Stop it, or set PORT to another port.'
    return { name, status: 'fail', detail: `another program uses ${found.url}, or the service hangs`, help }
  }
  if (found.version === undefined) return { name, status: 'ok', detail: `running at ${found.url}, requires a key` }
  if (found.version === version.version) return { name, status: 'ok', detail: `running at ${found.url}` }
  const detail = `version ${found.version} is running at ${found.url}; this is ${version.version}`
  return { name, status: 'warn', detail, help: 'Restart it with this version.' }
}

const PROBE = 'AAPL'
const PROVIDER_TIMEOUT_MS = 5_000

/** Fetches one price and does not store it. A provider that is down is not a fault of the installation. Never rejects. */
export async function checkProvider(context: AppContext): Promise<Check> {
  const { DEFAULT_PROVIDER, HTTPS_PROXY } = context.config
  const by = HTTPS_PROXY === undefined ? '' : ` (HTTPS_PROXY is ${proxyName(HTTPS_PROXY)})`
  const name = 'provider'
  try {
    const provider = (await createProviders(context)).get(DEFAULT_PROVIDER)
    const reply = await provider.fetchReply([PROBE], AbortSignal.timeout(PROVIDER_TIMEOUT_MS))
    const [result] = provider.parseReply(reply)
    const error = result && 'quote' in result ? validateQuote(result.quote, reply.receivedAt) : result?.error
    if (error === undefined) return { name, status: 'ok', detail: `${provider.name} returned a price of ${PROBE}${by}` }
    return { name, status: 'warn', detail: `${provider.name} returned no price of ${PROBE}: ${error.message}${by}` }
  } catch (error) {
    const detail = `no price from ${DEFAULT_PROVIDER}: ${problemsOf(error).join('; ')}${by}`
    return { name, status: 'warn', detail, help: 'The provider simulated works without a network.' }
  }
}
