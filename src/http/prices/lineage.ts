import { Type } from 'typebox'
import type { ReadLineage, ReadRawBody, ReadRawResponse, RawResponse } from '../../core/prices/lineage.ts'
import type { App } from '../server/app.ts'
import { ExactNumber, exactNumber } from '../../formats/exact-number.ts'
import { HistoryPrice, historyBody } from './history.ts'
import { id, moment } from '../../formats/price.ts'
import { problems } from '../server/problem.ts'
import { idOf, NoQuery, notFound } from '../server/query.ts'

export type LineageNeeds = {
  readonly readLineage: ReadLineage
  readonly readRawResponse: ReadRawResponse
  readonly readRawBody: ReadRawBody
}

const RawResponseBody = Type.Object(
  {
    raw_response_id: id('Its number.'),
    provider: Type.String({ examples: ['yfinance'] }),
    symbols: Type.Array(Type.String(), { description: 'What was asked for.' }),
    request: Type.String({ description: 'What was asked, without any secret.' }),
    status: Type.Integer({ description: 'HTTP status of the reply.', examples: [200] }),
    sha256: Type.String({ description: 'Of the bytes as they came.' }),
    parser_version: Type.Integer({ description: 'Of the code that read it.' }),
    received_at: moment('When it came in.'),
    refused: Type.Array(Type.Object({ symbol: Type.String(), code: Type.String(), detail: Type.String() }), {
      description: 'What of it was not taken for a price.',
    }),
    body_url: Type.String({ examples: ['/raw-responses/1/body'] }),
  },
  { title: 'RawResponse', description: 'A reply as it was kept.' },
)

const LineageBody = Type.Object(
  {
    symbol: Type.String(),
    provider: Type.String(),
    price: HistoryPrice,
    revisions: Type.Array(HistoryPrice, { description: 'Every price of that time, oldest first; the last counts.' }),
    raw_response: Type.Union([RawResponseBody, Type.Null()], { description: 'Null where it is not kept any more.' }),
    averages: Type.Array(
      Type.Object({ window: Type.Integer(), timestamp: moment('Its time.'), average: ExactNumber }),
      { description: 'The averages that the price of that time is an input of.' },
    ),
  },
  { title: 'Lineage', description: 'The price, its reply and its averages.' },
)

const IdPath = Type.Object({ id: Type.String({ examples: ['17'] }) })
const schema = { tags: ['Prices'], params: IdPath, querystring: NoQuery }

/** From a price back to the bytes it was read from, and on to the averages it went into. */
export function lineageRoutes(app: App, { readLineage, readRawResponse, readRawBody }: LineageNeeds): void {
  app.get(
    '/prices/:id/lineage',
    {
      schema: {
        ...schema,
        operationId: 'getLineage',
        summary: 'Where a price came from and where it went',
        response: { 200: LineageBody, ...problems('not_found') },
      },
    },
    async ({ params }) => {
      const lineage = await readLineage(idOf(params.id, 'price'))
      if (lineage === undefined) throw notFound('price')
      const { symbol, provider, price, revisions, rawResponse, averages } = lineage
      return {
        symbol,
        provider,
        price: historyBody(price),
        revisions: revisions.map(historyBody),
        raw_response: rawResponse && rawResponseBody(rawResponse),
        averages: averages.map(({ window, timestamp, average }) => ({
          window,
          timestamp,
          average: exactNumber(average),
        })),
      }
    },
  )
  app.get(
    '/raw-responses/:id',
    {
      schema: {
        ...schema,
        operationId: 'getRawResponse',
        summary: 'A reply of a provider',
        response: { 200: RawResponseBody, ...problems('not_found') },
      },
    },
    async ({ params }) => {
      const rawResponse = await readRawResponse(idOf(params.id, 'reply'))
      if (rawResponse === undefined) throw notFound('reply')
      return rawResponseBody(rawResponse)
    },
  )
  app.get(
    '/raw-responses/:id/body',
    {
      schema: {
        ...schema,
        operationId: 'getRawBody',
        summary: 'The bytes of a reply as the provider sent them',
        response: {
          200: {
            description: 'To be saved, never shown: it is other people’s text.',
            content: { 'application/octet-stream': { schema: Type.String({ format: 'binary' }) } },
          },
          ...problems('not_found'),
        },
      },
    },
    async ({ params }, reply) => {
      const rawResponseId = idOf(params.id, 'reply')
      const body = await readRawBody(rawResponseId)
      if (body === undefined) throw notFound('reply')
      reply.header('content-disposition', `attachment; filename="raw-response-${rawResponseId}"`)
      return reply.type('application/octet-stream').send(Buffer.from(body) as unknown as string)
    },
  )
}

function rawResponseBody(raw: RawResponse) {
  return {
    raw_response_id: raw.rawResponseId,
    provider: raw.provider,
    symbols: [...raw.symbols],
    request: raw.request,
    status: raw.status,
    sha256: raw.sha256,
    parser_version: raw.parserVersion,
    received_at: raw.receivedAt,
    refused: [...raw.refused],
    body_url: `/raw-responses/${raw.rawResponseId}/body`,
  }
}
