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
  const { protocol, username, searchParams: query, pathname } = url
  const named = url.hostname === NO_HOST ? '' : url.hostname
  const host = query.get('host') ?? decodeURIComponent(named)
  const port = query.get('port') ?? url.port
  const at = host.startsWith('/') ? `${pathname}?host=${host}` : `${host}${port && `:${port}`}${pathname}`
  const password = decodeURIComponent(url.password)
  return {
    host,
    port: port || DEFAULT_PORT,
    passwords: [url.password, password, query.get('password') ?? ''].filter((one) => one !== ''),
    shown: `${protocol}//${username && `${username}@`}${at}`,
  }
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
