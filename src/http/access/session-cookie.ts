import type { FastifyReply, FastifyRequest } from 'fastify'

/** Name of the cookie. */
export const SESSION_COOKIE = 'market_data_session'
export const SESSION_SECONDS = 12 * 3_600

/** The secret in the page's cookie. Scripts cannot read the cookie, and browsers do not send it for another site's page. */
export function sessionCookieOf({ headers }: FastifyRequest): string | undefined {
  const [, value] = COOKIE.exec(headers.cookie ?? '') ?? []
  return value
}

const COOKIE = new RegExp(`(?:^|; *)${SESSION_COOKIE}=([^;]*)`)

/** Sets the cookie. */
export function startSession(request: FastifyRequest, reply: FastifyReply, secret: string): void {
  setCookie(request, reply, `${SESSION_COOKIE}=${secret}; Max-Age=${SESSION_SECONDS}`)
}

/** Makes the browser drop the cookie. */
export function endSession(request: FastifyRequest, reply: FastifyReply): void {
  setCookie(request, reply, `${SESSION_COOKIE}=; Max-Age=0`)
}

/** The server speaks plain HTTP; a trusted proxy (`TRUST_PROXY`) reports whether the caller uses TLS. */
function setCookie({ protocol }: FastifyRequest, reply: FastifyReply, text: string): void {
  reply.header('set-cookie', `${text}; Path=/; HttpOnly; SameSite=Strict${protocol === 'https' ? '; Secure' : ''}`)
}
