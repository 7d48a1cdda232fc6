import { ServiceError } from '../../errors.ts'
import { isProbe } from '../access/authorize.ts'
import type { App } from './app.ts'

export type OverloadNeeds = {
  /** The most requests that are answered at once; without it `MAX_REQUESTS`. */
  readonly requestLimit?: number | undefined
}

/** Some 20 KiB each while they wait. Open streams count, and have a limit of their own. */
const MAX_REQUESTS = 5_000

/**
 * Says no at once to what is too much, so that what was begun is finished: a queue without end would answer everybody too
 * late. Probes are answered always: a process that is busy is alive.
 */
export function refuseOverload(app: App, { requestLimit = MAX_REQUESTS }: OverloadNeeds): void {
  let inFlight = 0
  app.addHook('onRequest', (request, { raw }, done) => {
    inFlight += 1
    // Also when the caller goes away before the answer has ended.
    raw.once('close', () => (inFlight -= 1))
    if (inFlight <= requestLimit || isProbe(request)) done()
    else done(new ServiceError('overloaded', `More than ${requestLimit} requests are being answered.`))
  })
}
