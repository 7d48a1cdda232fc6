import type { IncomingHttpHeaders } from 'node:http'
import { Type } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { comparePositions, parsePosition, positionText, type LogPosition } from '../../core/log/position.ts'
import { PriceEvents, resetEventText, type PriceEvent } from '../../formats/price-event.ts'
import type { Access } from '../access/authorize.ts'
import type { App, Feature } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import type { ProviderDeps } from '../server/providers.ts'
import { CLOSED, ProviderName, SymbolList, symbolsOf } from '../server/query.ts'
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
      'x-expects': 'the id of an event of this stream, such as 1-792-32',
    }),
  ),
})

const SCHEMA = {
  operationId: 'streamPrices',
  tags: ['Prices'],
  summary: 'Stream prices as they are stored (server-sent events)',
  description: `Starts with the next price that is stored. With \`Last-Event-ID\`, which browsers send when they reconnect, it
resumes after that event: no price is missed and none comes twice. The response's own header \`last-event-id\` is the position
at which it starts. It has no end: read it with \`curl -N\` or an SSE client. A comment line every 15 seconds keeps the connection
open.`,
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
    const resumed = lastEventId === undefined ? end : positionOf(lastEventId, await deps.readHighWaterMark())
    const signal = streams.add(raw.socket, access.callerOf(request))
    tail.join(end, signal)
    const from = resumed ?? end
    reply.headers({ ...STREAM_HEADERS, 'last-event-id': positionText(from) }).type('text/event-stream')
    const isReset = resumed === undefined
    const followsStandard = isBrowser(headers)
    return sendStream(reply, eventTexts({ tail, from, isReset, followsStandard, matches, signal, clock }))
  })
}

/** Browsers send Sec-Fetch-Mode, but to plain HTTP only on this machine; all of them call themselves Mozilla. */
function isBrowser(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] !== undefined || (headers['user-agent']?.startsWith('Mozilla/') ?? false)
}

const STREAM_HEADERS = { 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' }

type Matches = (event: PriceEvent) => boolean

function filterOf(symbols: string | undefined, provider: string | undefined): Matches {
  const wanted = symbols === undefined ? undefined : new Set(symbolsOf(symbols))
  return (event) => (wanted?.has(event.symbol) ?? true) && (provider ?? event.provider) === event.provider
}

const MAX_XID = 2n ** 64n - 1n
const MAX_ID = 2n ** 63n - 1n

/** Undefined for a position that this log has not reached: it is from another log. */
function positionOf(lastEventId: string, highWaterMark: LogPosition): LogPosition | undefined {
  const position = parsePosition(lastEventId)
  const isPossible = position !== undefined && BigInt(position.xid) <= MAX_XID && BigInt(position.id) <= MAX_ID
  return isPossible && comparePositions(position, highWaterMark) < 0 ? position : undefined
}

type Reader = {
  readonly tail: PriceTail
  readonly from: LogPosition
  /** Whether the reader gave a position of another log. */
  readonly isReset: boolean
  /**
   * Whether the reader follows the standard, in which an id without data only advances the position. Browsers do. Python
   * clients (httpx-sse, sseclient) report an event with empty data for it, so they get a blank line only after an event.
   */
  readonly followsStandard: boolean
  readonly matches: Matches
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** The next text is requested only when the socket has taken the last one. */
async function* eventTexts({ tail, from, matches, signal, clock, ...reader }: Reader): AsyncGenerator<string> {
  const advance = (to: LogPosition) => (reader.followsStandard ? `id: ${positionText(to)}\n\n` : '')
  yield `retry: ${RECONNECT_AFTER_MS}\n${reader.isReset ? resetEventText(from) : advance(from)}`
  let [position, sentAt] = [from, clock.monotonic()]
  while (!signal.aborted) {
    const events = await tail.next(position, HEARTBEAT_MS, signal)
    position = events.at(-1)?.position ?? position
    const text = events.flatMap((event) => (matches(event) ? [event.text] : [])).join('')
    const isSilent = clock.monotonic() - sentAt >= HEARTBEAT_MS
    if (text === '' && !isSilent) continue
    yield text || `: heartbeat\n${advance(position)}`
    sentAt = clock.monotonic()
  }
}
