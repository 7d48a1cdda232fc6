import { stringify } from 'yaml'
import { PRICE_MESSAGE_EXAMPLE, PriceMessage } from '../formats/price-event.ts'
import { PriceHeaders } from './message.ts'

type Facts = { readonly version: string; readonly topic: string }

const reference = (path: string) => ({ $ref: `#/${path}` })
const text = (description: string) => ({ type: 'string', description })

/** The AsyncAPI 3.1 document of what we send and read, made from the schemas that messages are checked with. */
export function asyncApiDocument({ version, topic }: Facts): object {
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Market data service',
      version,
      license: { name: 'MIT' },
      description:
        'Every stored price is announced at least once; the first occurrences of a symbol come in the order of the log, ' +
        'but on a topic that was wiped and filled again while prices came in. ' +
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
    channels: {
      prices: channel(topic, 'Prices as they are stored. The key decides the partition, as in Java.', 'price'),
      deadLetters: channel(`${topic}-dlt`, 'Messages that nobody could use, as they came, and why.', 'deadLetter'),
    },
    operations: {
      publishPrice: { action: 'send', summary: 'The relay announces a stored price.', ...on('prices', 'price') },
      averagePrice: {
        action: 'receive',
        summary: 'Any sender may name a stored price: what it has a part in is averaged again.',
        ...on('prices', 'price'),
      },
      buryMessage: {
        action: 'send',
        summary: 'What can never be used is put aside.',
        ...on('deadLetters', 'deadLetter'),
      },
    },
    components: { messages: { price: priceMessage(), deadLetter: deadLetterMessage() } },
  }
}

/** The document as it is written to disk and served. */
export function asyncApiYaml(facts: Facts): string {
  return stringify(asyncApiDocument(facts), { lineWidth: 120, singleQuote: true })
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
  const story = {
    '__connect.errors.topic': text('Where it was read.'),
    '__connect.errors.partition': text('Its partition there.'),
    '__connect.errors.offset': text('Its offset there.'),
    '__connect.errors.connector.name': text('The consumer group.'),
    '__connect.errors.exception.class.name': {
      ...text('Why.'),
      enum: ['not_json', 'wrong_fields', 'hash_mismatch', 'unknown_series', 'unknown_price'],
    },
    '__connect.errors.exception.message': text('Why, in words.'),
    id: text('Its id in `market-data dead-letters`.'),
    'mds.attempts': text('How often it was tried.'),
  }
  return {
    title: 'A message that could not be used',
    headers: { type: 'object', properties: story, required: Object.keys(story) },
    payload: { description: 'The bytes of the message, untouched.' },
  }
}

/** A schema without what the library keeps in it for itself. */
function plain(schema: object): object {
  return JSON.parse(JSON.stringify(schema)) as object
}
