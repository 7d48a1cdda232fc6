/** What a server's address says, as far as people and the log need to know. */
export type Address = {
  readonly host: string
  readonly port: string
  /** Its password as it is written, and as it is meant. */
  readonly passwords: readonly string[]
  /** The address without its password. */
  readonly shown: string
}

/** Reads an address as `pg` does, which also knows folders of sockets as hosts; undefined for what it could not read. */
export function readAddress(text: string): Address | undefined {
  // Somebody at no host, which `?host=` names.
  const url = URL.parse(encoded(text).replace('@/', `@${NO_HOST}/`))
  if (url === null || !isDecodable(url)) return undefined
  const named = url.hostname === NO_HOST ? '' : decodeURIComponent(url.hostname)
  const host = url.searchParams.get('host') ?? named
  const port = url.searchParams.get('port') ?? url.port
  return { host, port: port || DEFAULT_PORT, passwords: passwordsOf(url), shown: shown(url, { host, port }) }
}

const NO_HOST = 'nowhere.invalid'
const DEFAULT_PORT = '5432'

/** Where a percent sign begins no byte, `pg` takes it, and most others, for what they are. */
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
  const who = username && `${username}@`
  if (host.startsWith('/')) return `${protocol}//${who}${pathname}?host=${host}`
  return `${protocol}//${who}${host}${port && `:${port}`}${pathname}`
}
