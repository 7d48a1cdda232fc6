import { isIP } from 'node:net'
import { Type } from 'typebox'

/** The variables of the HTTP interface. */
export const HTTP_SETTINGS = {
  HOST: Type.String({
    default: '127.0.0.1',
    minLength: 1,
    description: 'Address to listen on. A non-loopback address requires an API key, or an explicit `AUTH=off`.',
  }),
  PORT: Type.Integer({
    default: 8000,
    minimum: 0,
    maximum: 65_535,
    description: 'Port to listen on; 0 picks a free one.',
  }),
  ALLOWED_HOSTS: Type.Array(Type.String({ pattern: '^[A-Za-z0-9.-]+$' }), {
    default: [],
    description: 'Further host names that requests may use (`Host` header, without port), separated by commas.',
  }),
  BASE_PATH: Type.Refine(
    Type.String({
      default: '',
      expects: 'a path like /market, without a slash at its end',
      description:
        'The path under which a reverse proxy serves the service, such as `/market`; whether or not the proxy removes it.',
    }),
    isBasePath,
  ),
  CORS_ORIGINS: Type.Array(Type.Refine(Type.String(), isOrigin), {
    default: [],
    expects: 'origins like https://notebook.example or http://localhost:3000; neither * nor null',
    description:
      'Origins of other sites whose pages may read, separated by commas. They cannot change anything. Pages of all other sites get stored prices only.',
  }),
  AUTH: Type.Enum(['on', 'off'], {
    default: 'on',
    description:
      '`off` disables authentication for everyone who can reach the port; managing keys still requires an admin key.',
  }),
  RATE_LIMIT: Type.Integer({
    default: 6_000,
    minimum: 0,
    maximum: 1_000_000,
    description: 'Requests per minute for each key, or for each address without a key; 0 disables the limit.',
  }),
  TRUST_PROXY: Type.Array(Type.Refine(Type.String(), isNetwork), {
    default: [],
    expects: 'addresses or networks like 10.0.0.0/8',
    description: 'Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted, separated by commas.',
  }),
}

function isBasePath(text: string): boolean {
  return text === '' || /^(?:\/[\w.~-]+)+$/.test(text)
}

/** Exactly as a browser sends it in `Origin`. */
function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.parse(text)?.origin === text
}

/** An address, or a network like 10.0.0.0/8. */
function isNetwork(text: string): boolean {
  const [, ip = '', bits = '1'] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const longest = { 4: 32, 6: 128 }[isIP(ip)] ?? 0
  return Number(bits) >= 1 && Number(bits) <= longest
}
