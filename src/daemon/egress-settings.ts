import { readFileSync } from 'node:fs'
import { KnownError, messageOf, type ErrorCatalogue } from '../core/error.ts'
import { readPrivateFile } from '../platform/files.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { AirlockState } from './airlock.ts'
import type { Settings } from './egress/words.ts'

export const EGRESS_SETTING_ERRORS = {
  EGRESS_SETTING: {
    kind: 'invalid',
    meaning: 'a setting of the egress proxy cannot be used, so nothing leaves',
  },
} as const satisfies ErrorCatalogue

export class EgressSettingError extends KnownError<typeof EGRESS_SETTING_ERRORS> {
  override readonly name = 'EgressSettingError'
}

type Values = Pick<
  SettingValues,
  'egress.upstream_proxy' | 'egress.upstream_secret' | 'egress.roots' | 'egress.resolver'
>

/** Shut is what is open until the beginning of time. */
export function airlockFor({ mode, openUntil = 0 }: AirlockState): Settings['airlock'] {
  return mode === 'off' ? 'off' : { openUntil }
}

/**
 * What the egress process is told when it starts. Read anew each time: the files may have changed, and the secret of a
 * company proxy is held no longer than it takes to send it.
 *
 * @throws EgressSettingError
 */
export function egressSettings(values: Values, airlock: AirlockState): Settings {
  const proxy = upstream(values)
  const { 'egress.roots': roots, 'egress.resolver': resolver } = values
  return {
    limits: {},
    airlock: airlockFor(airlock),
    ...(resolver === undefined ? {} : { resolvers: [resolver] }),
    ...(roots === undefined ? {} : { roots: rootsIn(roots) }),
    ...(proxy === undefined ? {} : { proxy }),
  }
}

function upstream(values: Values): Settings['proxy'] {
  const text = values['egress.upstream_proxy']
  if (text === undefined) return undefined
  const url = URL.parse(text)
  const isPlain =
    url?.protocol === 'http:' && url.username === '' && url.password === '' && url.pathname === '/'
  if (url === null || !isPlain) {
    throw wrong(
      'egress.upstream_proxy',
      'it is not http://host:port',
      'give user and password in egress.upstream_secret',
    )
  }
  const authorization = authorizationIn(values['egress.upstream_secret'])
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return {
    ...{ host, port: url.port === '' ? 80 : Number(url.port), names: 'there' as const },
    ...(authorization === undefined ? {} : { authorization }),
  }
}

function authorizationIn(path: string | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (path === undefined) return undefined
  const read = tried('egress.upstream_secret', () => readPrivateFile(path))
  if (read === undefined)
    throw wrong('egress.upstream_secret', `${path} is not there`, 'write user:password into it')
  const words = read.toString('utf8').trim()
  return new TextEncoder().encode(`Basic ${Buffer.from(words).toString('base64')}`)
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

function rootsIn(path: string): string[] {
  const found = tried('egress.roots', () => readFileSync(path, 'latin1')).match(CERTIFICATE)
  if (found === null) throw wrong('egress.roots', `${path} holds no certificate`, 'give a file in PEM form')
  return [...found]
}

function tried<T>(setting: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    throw wrong(setting, messageOf(cause), 'check the file: warder config explain ' + setting, cause)
  }
}

function wrong(setting: string, what: string, fix: string, cause?: unknown): EgressSettingError {
  return new EgressSettingError(EGRESS_SETTING_ERRORS, 'EGRESS_SETTING', {
    what: `${setting}: ${what}`,
    fix,
    where: setting,
    ...(cause === undefined ? {} : { cause }),
  })
}
