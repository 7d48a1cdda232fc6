import { setGlobalProxyFromEnv } from 'node:http'
import { Type, type Static, type TObject } from 'typebox'

/** Read in small letters too, as other programs do. */
export const PROXY_SETTINGS = {
  HTTPS_PROXY: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s/]+/?$',
      expects: 'the address of a proxy: http://proxy.example:3128, or http://user:password@proxy.example:3128',
      description: 'Sends requests to providers through this HTTP proxy. Also read as `https_proxy`.',
      alias: 'https_proxy',
      secret: true,
    }),
  ),
  NO_PROXY: Type.Optional(
    Type.String({
      description:
        'Hosts that are requested without the proxy, separated by commas: `.internal.example,10.1.2.3`. Addresses of this machine never go through it. Also read as `no_proxy`.',
      alias: 'no_proxy',
    }),
  ),
}

export type ProxySettings = Static<TObject<typeof PROXY_SETTINGS>>

const THIS_MACHINE = 'localhost,127.0.0.1,[::1],::1'

/**
 * Makes `fetch` of this process, with which providers are requested, use the proxy for addresses with https. Nothing else of
 * the service is an https client.
 * @returns the proxy without its password, for people; undefined without a proxy
 */
export function useProxy({ HTTPS_PROXY, NO_PROXY }: ProxySettings): string | undefined {
  if (HTTPS_PROXY === undefined) return undefined
  setGlobalProxyFromEnv({
    HTTPS_PROXY,
    NO_PROXY: NO_PROXY === undefined ? THIS_MACHINE : `${NO_PROXY},${THIS_MACHINE}`,
  })
  return proxyName(HTTPS_PROXY)
}

/** The address of a proxy without user and password. */
export function proxyName(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : 'a proxy'
}
