import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServiceError } from '../../errors.ts'
import type { App } from './app.ts'
import { toServiceError } from './to-service-error.ts'
import { PROBLEM_TYPE, problemOf, statusOf } from '../../formats/json/problem.ts'

/** Sends an error as a problem; `more` are members of this case only. */
export function sendProblem(reply: FastifyReply, error: ServiceError, more: object = {}): FastifyReply {
  const problem = problemOf(error, reply.request.id)
  if (problem.retry_after !== undefined) reply.header('retry-after', problem.retry_after)
  return reply
    .code(problem.status)
    .type(PROBLEM_TYPE)
    .send({ ...problem, ...more })
}

/**
 * Every error, the service's own and the framework's, leaves as a problem.
 * @param notFoundHint ends the detail of the problem for an unknown path
 */
export function handleErrors(app: App, notFoundHint: string): void {
  app.setErrorHandler((thrown, request, reply) => sendError(thrown, request, reply))
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new ServiceError('not_found', `Nothing found at ${pathOf(request)}; ${notFoundHint}.`)),
  )
}

/** Sends whatever was thrown as a problem; a defect of the service is logged in full. */
export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toServiceError(thrown)
  if (error.code === 'internal') request.log.error({ err: error.cause ?? error }, 'request failed: internal error')
  // An outage is logged once, where it is detected; here it would be logged for every request.
  else if (statusOf(error.code) === 503) request.log.debug({ err: error.cause ?? error }, 'request not served')
  void sendProblem(reply, error)
}

/** For what never became a request (not HTTP, headers too large or too slow): the problem is written to the socket. */
export function sendBrokenRequest(thrown: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || thrown.code === 'ECONNRESET') return void socket.destroy()
  endWithProblem(socket, new ServiceError('malformed_request', BROKEN[thrown.code ?? ''] ?? 'Not an HTTP request.'))
}

/** Ends a connection that has not sent a complete request. */
export function endWithProblem(socket: Socket, error: ServiceError): void {
  const problem = problemOf(error, randomUUID())
  const body = JSON.stringify(problem)
  const { status, retry_after } = problem
  const retry = retry_after === undefined ? '' : `Retry-After: ${retry_after}\r\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\nX-Content-Type-Options: nosniff\r\n` +
      `${retry}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

const BROKEN: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'The request did not arrive in time.',
  HPE_INVALID_URL: 'The address has characters that must be percent-encoded: write %20 for a space, %C3%9F for ß.',
  HPE_HEADER_OVERFLOW: 'The address and headers are larger than 16 KiB.',
}

/** Without the query, and shortened: it is the caller's text. */
function pathOf({ url }: FastifyRequest): string {
  return (url.split('?')[0] ?? '').slice(0, 100)
}
