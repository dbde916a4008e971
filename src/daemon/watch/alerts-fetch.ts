import { networkInterfaces } from 'node:os'
import { newId } from '../../core/id.ts'
import type { EgressEvent, SafeFetch } from '../../enforce/egress/index.ts'
import type { Clock } from '../../platform/clock.ts'
import type { SettingValues } from '../../platform/settings.ts'
import { egressSettings } from '../egress-settings.ts'
import { invalidSender } from './alerts-error.ts'

export interface AlertFetchOptions {
  readonly values: SettingValues
  readonly clock: Clock
  readonly record: (event: EgressEvent) => Promise<void>
  readonly warn: (message: string) => void
}

/** In the clear only to this machine itself. @throws AlertError `ALERT_SENDER_INVALID` */
export function checkedUrl(setting: string, text: string): URL {
  const url = URL.parse(text)
  const isHere = url !== null && isLoopback(url)
  if (
    (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) &&
    url.username === '' &&
    url.password === ''
  )
    return url
  throw invalidSender(
    `${setting} is no https address, nor one of this machine`,
    'write https://host/path, or http://127.0.0.1:port/path; without a user or password in it',
  )
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/**
 * A way to one address and to no other: by the proxy, resolver and roots everything of Warder's uses, each name looked
 * up, checked and pinned, each connection on record. Made when it is first needed.
 */
export function fetchTo(url: URL, name: string, options: AlertFetchOptions): SafeFetch {
  const made: { fetch?: Promise<SafeFetch> } = {}
  return async (address, request) => {
    made.fetch ??= makeFetch(url, name, options)
    return (await made.fetch)(address, request)
  }
}

async function makeFetch(url: URL, name: string, options: AlertFetchOptions): Promise<SafeFetch> {
  const { createSafeFetch, LIMITS, serverResolve, systemResolve } =
    await import('../../enforce/egress/index.ts')
  const { values, clock, record, warn } = options
  const { proxy, resolvers, roots } = egressSettings(values, { mode: 'off' })
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return createSafeFetch({
    name,
    rules: [
      {
        ...{ id: 'the address in the settings', effect: 'allow', host: url.hostname, ports: [port] },
        // an address of this machine was written there on purpose; a name may not come to stand for one
        ...(isLoopback(url) ? { addresses: ['127.0.0.0/8', '::1/128'] } : {}),
      },
    ],
    ports: {
      ...{ record, clock, isOwn, newId, limits: LIMITS, warn },
      resolve: resolvers === undefined ? systemResolve() : serverResolve(resolvers),
      ...(roots === undefined ? {} : { roots }),
      ...(proxy === undefined || isLoopback(url) ? {} : { proxy: lent(proxy) }),
    },
  })
}

function lent({ authorization, ...rest }: NonNullable<ReturnType<typeof egressSettings>['proxy']>) {
  if (authorization === undefined) return rest
  return { ...rest, authorization: { use: <T>(act: (bytes: Uint8Array) => T): T => act(authorization) } }
}

function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some(
    (each) => each?.some((own) => own.address === address) ?? false,
  )
}
