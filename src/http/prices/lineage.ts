import { Type } from 'typebox'
import type { ReadLineage, ReadRawBody, ReadRawResponse } from '../../core/prices/lineage.ts'
import { LineageBody, lineageBody, RawResponseBody, rawResponseBody } from '../../formats/lineage.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { idOf, NoQuery, notFound } from '../server/query.ts'
import { sendBytes } from '../server/send-stream.ts'

export type LineageDeps = {
  readonly readLineage: ReadLineage
  readonly readRawResponse: ReadRawResponse
  readonly readRawBody: ReadRawBody
}

const IdPath = Type.Object({ id: Type.String({ examples: ['17'] }) })
const shared = { tags: ['Prices'], params: IdPath, querystring: NoQuery }

/** From a price back to the bytes it was read from, and forward to the averages that contain it. */
export function lineageRoutes(app: App, deps: LineageDeps): void {
  lineageRoute(app, deps)
  rawResponseRoute(app, deps)
  rawBodyRoute(app, deps)
}

function lineageRoute(app: App, { readLineage }: LineageDeps): void {
  const schema = {
    ...shared,
    operationId: 'getLineage',
    summary: 'Show the origin of a price and the averages that contain it',
    response: { 200: LineageBody, ...problems('not_found') },
  }
  app.get('/prices/:id/lineage', { schema }, async ({ params }) => {
    const lineage = await readLineage(idOf(params.id, 'price'))
    if (lineage === undefined) throw notFound('price')
    return lineageBody(lineage)
  })
}

function rawResponseRoute(app: App, { readRawResponse }: LineageDeps): void {
  const schema = {
    ...shared,
    operationId: 'getRawResponse',
    summary: 'Show a provider’s response',
    response: { 200: RawResponseBody, ...problems('not_found') },
  }
  app.get('/raw-responses/:id', { schema }, async ({ params }) => {
    const rawResponse = await readRawResponse(idOf(params.id, 'response'))
    if (rawResponse === undefined) throw notFound('response')
    return rawResponseBody(rawResponse)
  })
}

function rawBodyRoute(app: App, { readRawBody }: LineageDeps): void {
  const schema = {
    ...shared,
    operationId: 'getRawBody',
    summary: 'Download the bytes of a provider’s response as received',
    response: {
      200: {
        description: 'A file to save, never shown in a browser: its content is not ours.',
        content: { 'application/octet-stream': { schema: Type.String({ format: 'binary' }) } },
      },
      ...problems('not_found'),
    },
  }
  app.get('/raw-responses/:id/body', { schema }, async ({ params }, reply) => {
    const rawResponseId = idOf(params.id, 'response')
    const body = await readRawBody(rawResponseId)
    if (body === undefined) throw notFound('response')
    reply.header('content-disposition', `attachment; filename="raw-response-${rawResponseId}"`)
    return sendBytes(reply.type('application/octet-stream'), body)
  })
}
