/** The address of a PostgreSQL server, parsed once where it enters the process. */
export type Address = {
  /** The whole address, password included, as `pg` takes it. */
  readonly url: string
  readonly host: string
  readonly port: string
  /** The password, encoded as written and decoded. */
  readonly passwords: readonly string[]
  /** The address without its password. */
  readonly shown: string
}

/**
 * Reads `postgres://…` as `pg` does, which also accepts a directory of sockets as the host; undefined for text that `pg`
 * could not read.
 */
export function readAddress(text: string): Address | undefined {
  if (!/^postgres(ql)?:\/\//.test(text)) return undefined
  // A user without a host: `?host=` names it.
  const url = URL.parse(encoded(text).replace('@/', `@${NO_HOST}/`))
  if (url === null || !isDecodable(url)) return undefined
  const named = url.hostname === NO_HOST ? '' : decodeURIComponent(url.hostname)
  const host = url.searchParams.get('host') ?? named
  const port = url.searchParams.get('port') ?? url.port
  return { url: text, host, port: port || DEFAULT_PORT, passwords: passwordsOf(url), shown: shown(url, { host, port }) }
}

const NO_HOST = 'nowhere.invalid'
const DEFAULT_PORT = '5432'

/** As `pg` does: if a percent sign does not begin an encoded byte, it and most other characters stand for themselves. */
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
