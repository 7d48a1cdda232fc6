import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { comparePositions, parsePosition, positionText, type LogPosition } from '../../core/log/position.ts'
import type { Access } from '../access/authorize.ts'
import type { App } from '../server/app.ts'
import { createOpenStreams } from './open-streams.ts'
import type { PriceEvent } from '../../formats/price-event.ts'
import { createPriceTail, type PriceTail, type TailNeeds } from './tail.ts'
import { problems } from '../server/problem.ts'
import type { ProviderNeeds } from '../prices/providers.ts'
import { CLOSED, invalid, ProviderName, SymbolList, symbolsOf } from '../server/query.ts'

export type StreamNeeds = ProviderNeeds &
  TailNeeds & {
    readonly clock: Clock
    /** The position of the newest settled entry. */
    readonly logEnd: () => Promise<LogPosition>
    /** The position before which everything is settled. Unlike the end it never goes back: old entries are trimmed. */
    readonly readHighWaterMark: () => Promise<LogPosition>
    readonly streamLimit?: number | undefined
    readonly streamsPerKey?: number | undefined
  }

const DEFAULT_STREAM_LIMIT = 2_000
const DEFAULT_STREAMS_PER_KEY = 100
const RECONNECT_AFTER_MS = 1_000
/** Proxies cut connections on which nothing comes for a minute. */
const HEARTBEAT_MS = 15_000

const StreamQuery = Type.Object(
  { symbols: Type.Optional(SymbolList), provider: Type.Optional(ProviderName) },
  { ...CLOSED, description: 'Without `symbols` every symbol, without `provider` every provider.' },
)

const StreamHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      pattern: '^\\d{1,10}-\\d{1,20}-\\d{1,19}$',
      description: 'The `id` of the last event that was seen: the stream goes on right behind it.',
    }),
  ),
})

const Events = Type.String({
  description: 'Events `price`; `data` is JSON with the members of a price event, `id` a position in the log.',
  examples: [
    'id: 1-763-17\nevent: price\ndata: {"symbol":"AAPL","price":196.45,"timestamp":"2025-06-15T20:30:27.283671Z",' +
      '"provider":"yfinance","raw_response_id":"1","price_id":"17"}\n\n',
  ],
})

/** Every price as it is stored, as server-sent events. Open streams end when the server closes, or when their key does. */
export function streamRoutes(app: App, access: Access, needs: StreamNeeds): void {
  const { streamLimit = DEFAULT_STREAM_LIMIT, streamsPerKey = DEFAULT_STREAMS_PER_KEY } = needs
  const tail = createPriceTail(needs)
  const streams = createOpenStreams({ all: streamLimit, perKey: streamsPerKey })
  access.onChange(() => streams.keepOnly(access.stillAllows))
  app.addHook('preClose', streams.end)
  app.get(
    '/prices/stream',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'streamPrices',
        tags: ['Prices'],
        summary: 'Every price as it is stored (server-sent events)',
        description: `Starts with the next price that is stored. With \`Last-Event-ID\`, which browsers send by themselves when
they reconnect, it goes on behind that event: nothing is missed and nothing comes twice.`,
        querystring: StreamQuery,
        headers: StreamHeaders,
        response: {
          200: { description: 'Events without end.', content: { 'text/event-stream': { schema: Events } } },
          ...problems('unknown_provider'),
        },
      },
    },
    async (request, reply) => {
      const { query, headers, raw } = request
      const matches = filterOf(query.symbols, query.provider && needs.sources.get(query.provider).name)
      const end = await needs.logEnd()
      const seen = headers['last-event-id']
      const from = seen === undefined ? end : placeOf(seen, await needs.readHighWaterMark())
      const signal = streams.add(raw.socket, access.callerOf(request))
      tail.join(end, signal)
      reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').header('connection', 'close')
      const text = Readable.from(eventTexts({ tail, from, matches, signal, clock: needs.clock }))
      return reply.type('text/event-stream').send(text as unknown as string)
    },
  )
}

type Matches = (event: PriceEvent) => boolean

function filterOf(symbols: string | undefined, provider: string | undefined): Matches {
  const wanted = symbols === undefined ? undefined : new Set(symbolsOf(symbols))
  return (event) => (wanted?.has(event.symbol) ?? true) && (provider ?? event.provider) === event.provider
}

const MAX_XID = 2n ** 64n - 1n
const MAX_ID = 2n ** 63n - 1n

/** @throws ServiceError `invalid_request` for a position that this log has not reached: it is another log's. */
function placeOf(lastEventId: string, horizon: LogPosition): LogPosition {
  const position = parsePosition(lastEventId)
  const isPossible = position !== undefined && BigInt(position.xid) <= MAX_XID && BigInt(position.id) <= MAX_ID
  if (!isPossible || comparePositions(position, horizon) >= 0)
    throw invalid('/last-event-id', 'is not a position in this log')
  return position
}

type Reader = {
  readonly tail: PriceTail
  readonly from: LogPosition
  readonly matches: Matches
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** Asked for the next text only when the socket has taken the last one. An id without data moves the reader's position on. */
async function* eventTexts({ tail, from, matches, signal, clock }: Reader): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_AFTER_MS}\nid: ${positionText(from)}\n\n`
  let [position, spokenAt] = [from, clock.now()]
  while (!signal.aborted) {
    const events = await tail.next(position, HEARTBEAT_MS, signal)
    position = events.at(-1)?.position ?? position
    const text = events.flatMap((event) => (matches(event) ? [event.text] : [])).join('')
    const isSilent = clock.now() - spokenAt >= HEARTBEAT_MS
    if (text === '' && !isSilent) continue
    yield text || `: still here\nid: ${positionText(position)}\n\n`
    spokenAt = clock.now()
  }
}
