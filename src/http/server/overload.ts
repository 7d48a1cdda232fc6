import type { FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors.ts'
import type { App } from './app.ts'

export type OverloadOptions = {
  /** Maximum number of requests in progress; the default is 5,000. */
  readonly requestLimit?: number | undefined
  /** Requests that are served even beyond the limit. */
  isExempt(request: FastifyRequest): boolean
}

/** Each costs some 20 KiB while it waits. Open streams count too, and have their own limit. */
const MAX_REQUESTS = 5_000

/**
 * Refuses requests beyond the limit at once, so that those in progress finish: with an endless queue every response would
 * be too late.
 */
export function refuseOverload(app: App, { requestLimit = MAX_REQUESTS, isExempt }: OverloadOptions): void {
  let inFlight = 0
  const leave = () => void (inFlight -= 1)
  app.addHook('onRequest', (request, { raw }, done) => {
    inFlight += 1
    // Emitted once, also when the caller disconnects before the response has ended.
    raw.on('close', leave)
    if (inFlight <= requestLimit || isExempt(request)) done()
    else done(new ServiceError('overloaded', `More than ${requestLimit} requests are in progress.`))
  })
}
