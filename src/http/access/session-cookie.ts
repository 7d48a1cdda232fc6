import type { FastifyReply, FastifyRequest } from 'fastify'

export const SESSION_COOKIE = 'market_data_session'
export const SESSION_SECONDS = 12 * 3_600

/** What the page's cookie holds. Scripts cannot read it, and no other site's page makes a browser send it. */
export function sessionCookieOf({ headers }: FastifyRequest): string | undefined {
  const [, value] = COOKIE.exec(headers.cookie ?? '') ?? []
  return value
}

const COOKIE = new RegExp(`(?:^|; *)${SESSION_COOKIE}=([^;]*)`)

export function startSession(request: FastifyRequest, reply: FastifyReply, secret: string): void {
  setCookie(request, reply, `${SESSION_COOKIE}=${secret}; Max-Age=${SESSION_SECONDS}`)
}

export function endSession(request: FastifyRequest, reply: FastifyReply): void {
  setCookie(request, reply, `${SESSION_COOKIE}=; Max-Age=0`)
}

/** We speak plain HTTP; behind TLS the proxy says so, where it is trusted (`TRUST_PROXY`). */
function setCookie({ protocol }: FastifyRequest, reply: FastifyReply, text: string): void {
  reply.header('set-cookie', `${text}; Path=/; HttpOnly; SameSite=Strict${protocol === 'https' ? '; Secure' : ''}`)
}
