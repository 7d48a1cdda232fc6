import { Type, type Static } from 'typebox'
import type { Lineage, RawResponse } from '../core/prices/lineage.ts'
import { ExactNumber, exactNumber } from './json/exact-number.ts'
import { id, orNull, timestamp } from './json/fields.ts'
import { HistoryPrice, historyPriceBody } from './history.ts'

export const RawResponseBody = Type.Object(
  {
    raw_response_id: id('The id of the response.'),
    provider: Type.String({ examples: ['yfinance'] }),
    symbols: Type.Array(Type.String(), { description: 'The symbols requested.' }),
    request: Type.String({ description: 'The request that was sent, without secrets.' }),
    status: Type.Integer({ description: 'HTTP status of the response.', examples: [200] }),
    sha256: Type.String({ description: 'SHA-256 of the bytes as received, in hex.' }),
    parser_version: Type.Integer({ description: 'Version of the parser that read it.' }),
    received_at: timestamp('When it was received.'),
    refused: Type.Array(Type.Object({ symbol: Type.String(), code: Type.String(), detail: Type.String() }), {
      description: 'Symbols for which it contained no valid price, and why.',
    }),
    body_url: Type.String({ examples: ['/raw-responses/1/body'] }),
  },
  { title: 'RawResponse', description: 'A provider’s response as it was stored.' },
)

export const LineageBody = Type.Object(
  {
    symbol: Type.String(),
    provider: Type.String(),
    price: HistoryPrice,
    revisions: Type.Array(HistoryPrice, {
      description: 'All prices with the same timestamp, oldest first; the last one is current.',
    }),
    raw_response: orNull(RawResponseBody, { description: 'Null if the response is no longer stored.' }),
    averages: Type.Array(
      Type.Object({
        window: Type.Integer(),
        timestamp: timestamp('Timestamp of the average.'),
        average: ExactNumber,
      }),
      { description: 'The averages that contain the price.' },
    ),
  },
  { title: 'Lineage', description: 'The price, the response it was read from, and the averages that contain it.' },
)

export function lineageBody(lineage: Lineage): Static<typeof LineageBody> {
  const { symbol, provider, price, revisions, rawResponse, averages } = lineage
  return {
    symbol,
    provider,
    price: historyPriceBody(price),
    revisions: revisions.map(historyPriceBody),
    raw_response: rawResponse && rawResponseBody(rawResponse),
    averages: averages.map(({ window, timestamp: at, average }) => ({
      window,
      timestamp: at,
      average: exactNumber(average),
    })),
  }
}

export function rawResponseBody(raw: RawResponse): Static<typeof RawResponseBody> {
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
