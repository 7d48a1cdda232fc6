/** The parts of a server's URL that users and the log may see. */
export type Address = {
  readonly host: string
  readonly port: string
  /** Its password as it is written in the URL, and decoded. */
  readonly passwords: readonly string[]
  /** The address without its password. */
  readonly shown: string
}

/** Parses a URL as `pg` does, which also accepts a socket's folder as the host; undefined if `pg` could not parse it. */
export function readAddress(text: string): Address | undefined {
  // A user without a host, which `?host=` then names.
  const url = URL.parse(encoded(text).replace('@/', `@${NO_HOST}/`))
  if (url === null || !isDecodable(url)) return undefined
  const named = url.hostname === NO_HOST ? '' : decodeURIComponent(url.hostname)
  const host = url.searchParams.get('host') ?? named
  const port = url.searchParams.get('port') ?? url.port
  return { host, port: port || DEFAULT_PORT, passwords: passwordsOf(url), shown: shown(url, { host, port }) }
}

const NO_HOST = 'nowhere.invalid'
const DEFAULT_PORT = '5432'

/** If a percent sign begins no encoded byte, `pg` encodes the whole text first. */
function encoded(text: string): string {
  return / |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(text) ? encodeURI(text).replaceAll(/%25(\d\d)/g, '%$1') : text
}

function isDecodable({ username, password, hostname, pathname }: URL): boolean {
  try {
    for (const part of [username, password, hostname, pathname]) decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

function passwordsOf({ password, searchParams }: URL): string[] {
  return [password, decodeURIComponent(password), searchParams.get('password') ?? ''].filter((one) => one !== '')
}

function shown({ protocol, username, pathname }: URL, { host, port }: Pick<Address, 'host' | 'port'>): string {
  const user = username && `${username}@`
  if (host.startsWith('/')) return `${protocol}//${user}${pathname}?host=${host}`
  return `${protocol}//${user}${host}${port && `:${port}`}${pathname}`
}
