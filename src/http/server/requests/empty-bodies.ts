import type { ServerOptions } from 'node:http'
import { Readable } from 'node:stream'
import type { App } from '../app.ts'

/**
 * Options of Node's server: a request without a body has a body that has already ended, which saves a stream for most
 * requests. Such a body emits no event, so `readEmptyBodies` is needed, too, and nobody may wait for `close` of a request.
 */
export const EMPTY_BODY_OPTIONS: ServerOptions = { optimizeEmptyRequests: true }

/** Lets the parser of a body see the end of one that has already ended: many clients name a type without sending a body. */
export function readEmptyBodies(app: App): void {
  app.addHook('preParsing', (request, _reply, ...[payload, done]) => {
    const isParsed = request.headers['content-type'] !== undefined
    done(null, isParsed && request.raw.readableEnded ? Readable.from([]) : payload)
  })
}
