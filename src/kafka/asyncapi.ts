import { stringify } from 'yaml'
import { PRICE_MESSAGE_EXAMPLE, PriceMessage } from '../formats/price-event.ts'
import { PriceHeaders } from './message.ts'

type Identity = { readonly version: string; readonly topic: string }

const reference = (path: string) => ({ $ref: `#/${path}` })
const text = (description: string) => ({ type: 'string', description })

const OPERATIONS = {
  publishPrice: { action: 'send', summary: 'The relay publishes a stored price.', ...on('prices', 'price') },
  averagePrice: {
    action: 'receive',
    summary: 'Any sender may name a stored price: every average that contains it is recomputed.',
    ...on('prices', 'price'),
  },
  publishDeadLetter: {
    action: 'send',
    summary: 'A message that can never be processed becomes a dead letter.',
    ...on('deadLetters', 'deadLetter'),
  },
}

/** The AsyncAPI 3.1 document of the messages, derived from the schemas that validate them. */
export function asyncApiDocument({ version, topic }: Identity): object {
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Market data service',
      version,
      license: { name: 'MIT' },
      description:
        'Every stored price is published at least once. The first occurrences of a symbol are in the order of the log, ' +
        'except on a topic that was wiped and refilled while prices arrived. ' +
        'Repetitions have the same `ce_id`.',
    },
    defaultContentType: 'application/json',
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        variables: { brokers: { default: 'localhost:9092', description: 'As in `KAFKA_BROKERS`.' } },
      },
    },
    channels: channels(topic),
    operations: OPERATIONS,
    components: { messages: { price: priceMessage(), deadLetter: deadLetterMessage() } },
  }
}

function channels(topic: string) {
  return {
    prices: channel(
      topic,
      'Prices as they are stored. The key determines the partition, as with the Java client.',
      'price',
    ),
    deadLetters: channel(`${topic}-dlt`, 'Messages that could not be processed, unchanged, and why.', 'deadLetter'),
  }
}

/** The document as YAML, as it is served and stored. */
export function asyncApiYaml(identity: Identity): string {
  return stringify(asyncApiDocument(identity), { lineWidth: 120, singleQuote: true })
}

function channel(address: string, description: string, message: string) {
  return {
    address,
    description,
    servers: [reference('servers/kafka')],
    messages: { [message]: reference(`components/messages/${message}`) },
  }
}

function on(name: string, message: string) {
  return { channel: reference(`channels/${name}`), messages: [reference(`channels/${name}/messages/${message}`)] }
}

function priceMessage() {
  return {
    title: 'A price',
    contentType: 'application/json',
    headers: plain(PriceHeaders),
    payload: plain(PriceMessage),
    bindings: { kafka: { key: text('The canonical symbol.'), bindingVersion: '0.5.0' } },
    examples: [{ payload: PRICE_MESSAGE_EXAMPLE }],
  }
}

function deadLetterMessage() {
  const failure = {
    '__connect.errors.topic': text('The topic that it was read from.'),
    '__connect.errors.partition': text('Its partition on that topic.'),
    '__connect.errors.offset': text('Its offset in that partition.'),
    '__connect.errors.connector.name': text('The consumer group.'),
    '__connect.errors.exception.class.name': {
      ...text('The reason.'),
      enum: ['not_json', 'wrong_fields', 'hash_mismatch', 'unknown_series', 'unknown_price'],
    },
    '__connect.errors.exception.message': text('The reason in a sentence.'),
    id: text('Its id in `market-data dead-letters`.'),
    'mds.attempts': text('How often it was processed.'),
  }
  return {
    title: 'A message that could not be processed',
    headers: { type: 'object', properties: failure, required: Object.keys(failure) },
    payload: { description: 'The unchanged bytes of the message.' },
  }
}

/** A schema without the library's own properties. */
function plain(schema: object): object {
  return JSON.parse(JSON.stringify(schema)) as object
}
