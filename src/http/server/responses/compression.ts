import { pipeline, Readable, type Transform } from 'node:stream'
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from 'node:zlib'
import type { FastifyReply } from 'fastify'
import type { App } from '../app.ts'
import { addVary } from './vary.ts'

export type Encoding = 'br' | 'gzip'

/** Below it, the headers weigh as much as what is saved. One price is smaller. */
export const MIN_LENGTH = 1_024
/** JSON in all its dialects, and tables; never a stream of events, which must arrive as they happen. */
const COMPRESSED_TYPE = /^(?:application\/(?:[\w.-]+\+)?json|application\/yaml|text\/(?:csv|plain|html))\b/

type Done = (error: Error | null, bytes?: Buffer) => void
type Codec = {
  readonly whole: (bytes: string | Buffer, done: Done) => void
  readonly piecewise: () => Transform
}

const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }
const gzipOptions = { level: 5 }

const PREFERRED = ['br', 'gzip'] as const

/** Levels at which 2 MB of JSON cost some 20 to 60 ms, on a thread of the pool. */
const CODECS: Readonly<Record<Encoding, Codec>> = {
  br: {
    whole: (bytes, done) => brotliCompress(bytes, brotliOptions, done),
    piecewise: () => createBrotliCompress(brotliOptions),
  },
  gzip: {
    whole: (bytes, done) => gzip(bytes, gzipOptions, done),
    piecewise: () => createGzip(gzipOptions),
  },
}

/** Compresses JSON and tables as the client accepts it. Files of the pages are compressed by their build. */
export function compressResponses(app: App): void {
  app.addHook('onSend', (request, reply, ...[payload, done]) => {
    if (!isCompressible(reply, payload)) return done(null, payload)
    addVary(reply, 'accept-encoding')
    const encoding = encodingFor(request.headers['accept-encoding'])
    const codec = encoding === undefined ? undefined : CODECS[encoding]
    if (codec === undefined || request.method === 'HEAD') return done(null, payload)
    reply.header('content-encoding', encoding).removeHeader('content-length')
    if (payload instanceof Readable) return done(null, compressed(payload, codec))
    codec.whole(payload, done)
  })
}

function isCompressible(reply: FastifyReply, payload: unknown): payload is string | Buffer | Readable {
  const isLong = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload.length >= MIN_LENGTH : false
  if (!isLong && !(payload instanceof Readable)) return false
  return COMPRESSED_TYPE.test(String(reply.getHeader('content-type'))) && !reply.hasHeader('content-encoding')
}

/** A failure ends both: the connection breaks, and no reader takes half a table for a whole one. */
function compressed(payload: Readable, { piecewise }: Codec): Readable {
  return pipeline(payload, piecewise(), () => {})
}

/** The best encoding that a client accepts; undefined if it is to be sent as it is. */
export function encodingFor(accepted = ''): Encoding | undefined {
  if (accepted === '') return undefined
  const offers = new Map(accepted.split(',').map(readOffer))
  return PREFERRED.find((name) => (offers.get(name) ?? 0) > 0)
}

/** Bytes that are kept in this form, on a thread of the pool. */
export async function compress(bytes: Buffer, encoding: Encoding): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  CODECS[encoding].whole(bytes, (error, result) => (error || !result ? reject(error) : resolve(result)))
  return promise
}

function readOffer(text: string): readonly [string, number] {
  const [name = '', weight = ''] = text.split(';').map((part) => part.trim().toLowerCase())
  return [name, weight.startsWith('q=') ? Number(weight.slice(2)) : 1]
}
