import { LogController, type FastifyBaseLogger, type FastifyReply, type FastifyRequest } from 'fastify'

const DETAILED: ReadonlySet<string> = new Set(['debug', 'trace'])

/** One line per request at `debug`: at `info`, requests of pollers would fill the log. */
export function createRequestLog({ level }: Pick<FastifyBaseLogger, 'level'>): LogController {
  return Object.assign(new LogController(), {
    incomingRequest: () => {},
    requestCompleted: DETAILED.has(level) ? logCompleted : () => {},
    // Every reader of a stream leaves like this.
    streamError: (error: NodeJS.ErrnoException, { log }: FastifyRequest) => {
      const severity = error.code === 'ERR_STREAM_PREMATURE_CLOSE' ? 'debug' : 'warn'
      log[severity]({ err: error }, 'response interrupted')
    },
  })
}

function logCompleted(error: unknown, { log, method, url }: FastifyRequest, reply: FastifyReply): void {
  log.debug({ method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime), err: error }, 'request')
}
