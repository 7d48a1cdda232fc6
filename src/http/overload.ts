import { ServiceError } from '../errors.ts'
import { isProbe } from './access.ts'
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
  let inHand = 0
  app.addHook('onRequest', async (request, { raw }) => {
    inHand += 1
    // Whichever comes first; a caller that goes away sees no end of the answer.
    const leave = () => {
      raw.off('finish', leave).off('close', leave)
      inHand -= 1
    }
    raw.once('finish', leave).once('close', leave)
    if (inHand <= requestLimit || isProbe(request)) return
    throw new ServiceError('overloaded', `More than ${requestLimit} requests are being answered.`)
  })
}
