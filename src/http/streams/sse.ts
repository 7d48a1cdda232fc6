import { Type } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { comparePositions, parsePosition, positionText, type LogPosition } from '../../core/log/position.ts'
import { PriceEvents, type PriceEvent } from '../../formats/price-event.ts'
import type { Access } from '../access/authorize.ts'
import type { App, Feature } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import type { ProviderDeps } from '../server/providers.ts'
import { CLOSED, invalid, ProviderName, SymbolList, symbolsOf } from '../server/query.ts'
import { sendStream } from '../server/send-stream.ts'
import { createOpenStreams } from './open-streams.ts'
import { createPriceTail, type PriceTail, type TailDeps } from './tail.ts'

export type StreamsDeps = ProviderDeps &
  TailDeps & {
    readonly access: Access
    readonly clock: Clock
    /** Position of the newest entry that readers can see. */
    readonly logEnd: () => Promise<LogPosition>
    /** Every entry before it can be seen. Unlike the end it never decreases, since old entries are trimmed. */
    readonly readHighWaterMark: () => Promise<LogPosition>
    /** Maximum number of streams; the default is 2,000. */
    readonly streamLimit?: number | undefined
    /** Maximum number of streams of one key; the default is 100. */
    readonly streamsPerKey?: number | undefined
  }

/** Every price as it is stored, pushed. */
export const streamsApi: Feature<StreamsDeps> = { routes: [streamRoute] }

const DEFAULT_STREAM_LIMIT = 2_000
const DEFAULT_STREAMS_PER_KEY = 100
const RECONNECT_AFTER_MS = 1_000
/** Proxies cut connections that are silent for a minute. */
const HEARTBEAT_MS = 15_000

const StreamQuery = Type.Object(
  { symbols: Type.Optional(SymbolList), provider: Type.Optional(ProviderName) },
  { ...CLOSED, description: 'Without `symbols` all symbols, without `provider` all providers.' },
)

const StreamHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      pattern: '^\\d{1,10}-\\d{1,20}-\\d{1,19}$',
      description: 'The `id` of the last event received: the stream resumes right after it.',
    }),
  ),
})

const SCHEMA = {
  operationId: 'streamPrices',
  tags: ['Prices'],
  summary: 'Stream prices as they are stored (server-sent events)',
  description: `Starts with the next price that is stored. With \`Last-Event-ID\`, which browsers send when they reconnect, it
resumes after that event: no price is missed and none comes twice.`,
  querystring: StreamQuery,
  headers: StreamHeaders,
  response: {
    200: { description: 'Events without end.', content: { 'text/event-stream': { schema: PriceEvents } } },
    ...problems('unknown_provider'),
  },
}

/** Open streams end when the server closes, and when their key does. */
function streamRoute(app: App, deps: StreamsDeps): void {
  const { access, clock, streamLimit = DEFAULT_STREAM_LIMIT, streamsPerKey = DEFAULT_STREAMS_PER_KEY } = deps
  const tail = createPriceTail(deps)
  const streams = createOpenStreams({ all: streamLimit, perKey: streamsPerKey }, clock)
  access.onChange(() => streams.keepOnly(access.stillAllows))
  app.addHook('preClose', streams.end)
  app.get('/prices/stream', { exposeHeadRoute: false, schema: SCHEMA }, async (request, reply) => {
    const { query, headers, raw } = request
    const matches = filterOf(query.symbols, query.provider && deps.providers.get(query.provider).name)
    const end = await deps.logEnd()
    const lastEventId = headers['last-event-id']
    const from = lastEventId === undefined ? end : positionOf(lastEventId, await deps.readHighWaterMark())
    const signal = streams.add(raw.socket, access.callerOf(request))
    tail.join(end, signal)
    reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').header('connection', 'close')
    return sendStream(reply.type('text/event-stream'), eventTexts({ tail, from, matches, signal, clock }))
  })
}

type Matches = (event: PriceEvent) => boolean

function filterOf(symbols: string | undefined, provider: string | undefined): Matches {
  const wanted = symbols === undefined ? undefined : new Set(symbolsOf(symbols))
  return (event) => (wanted?.has(event.symbol) ?? true) && (provider ?? event.provider) === event.provider
}

const MAX_XID = 2n ** 64n - 1n
const MAX_ID = 2n ** 63n - 1n

/** @throws ServiceError `invalid_request` for a position that this log has not reached: it is from another log. */
function positionOf(lastEventId: string, highWaterMark: LogPosition): LogPosition {
  const position = parsePosition(lastEventId)
  const isPossible = position !== undefined && BigInt(position.xid) <= MAX_XID && BigInt(position.id) <= MAX_ID
  if (!isPossible || comparePositions(position, highWaterMark) >= 0)
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

/** The next text is requested only when the socket has taken the last one. An id without data advances the position. */
async function* eventTexts({ tail, from, matches, signal, clock }: Reader): AsyncGenerator<string> {
  yield `retry: ${RECONNECT_AFTER_MS}\nid: ${positionText(from)}\n\n`
  let [position, sentAt] = [from, clock.monotonic()]
  while (!signal.aborted) {
    const events = await tail.next(position, HEARTBEAT_MS, signal)
    position = events.at(-1)?.position ?? position
    const text = events.flatMap((event) => (matches(event) ? [event.text] : [])).join('')
    const isSilent = clock.monotonic() - sentAt >= HEARTBEAT_MS
    if (text === '' && !isSilent) continue
    yield text || `: heartbeat\nid: ${positionText(position)}\n\n`
    sentAt = clock.monotonic()
  }
}
