import { X509Certificate } from 'node:crypto'
import { readSmallFile } from '../../platform/files.ts'
import { consoleError } from './errors.ts'

/** Authorities whose certificates let a browser as far as the log-in. */
export interface ClientCa {
  readonly pem: string
  readonly authorities: readonly { readonly name: string; readonly untilMs: number }[]
}

const BEGIN = '-----BEGIN CERTIFICATE-----'
const ONE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/**
 * Reads the authorities a setting names; nothing where none is set. What cannot be read as a whole is refused: a part of
 * them would let in less, or more, than somebody believes.
 *
 * @throws ConsoleError `CONSOLE_CLIENT_CA`; FileError
 */
export function readClientCa(path: string | undefined, nowMs: number): ClientCa | undefined {
  if (path === undefined) return undefined
  const bytes = readSmallFile(path)
  if (bytes === undefined) throw invalid(path, 'there is no such file')
  const whole = bytes.toString('latin1')
  const texts = whole.match(ONE) ?? []
  if (texts.length === 0) throw invalid(path, 'it holds no certificate')
  if (texts.length !== whole.split(BEGIN).length - 1)
    throw invalid(path, 'one of its certificates is not whole')
  const authorities = texts.map((text) => authorityIn(path, text, nowMs))
  return { pem: texts.join('\n'), authorities }
}

function authorityIn(path: string, text: string, nowMs: number): ClientCa['authorities'][number] {
  const read = parsed(path, text)
  const name = read.subject.replaceAll('\n', ', ')
  const untilMs = read.validToDate.getTime()
  // the certificate of somebody who logs in vouches for nobody else
  if (!read.ca) throw invalid(path, `the certificate of ${JSON.stringify(name)} is not that of an authority`)
  if (untilMs <= nowMs) throw invalid(path, `the certificate of ${JSON.stringify(name)} ran out`)
  return { name, untilMs }
}

function parsed(path: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (cause) {
    throw invalid(path, 'one of its certificates cannot be read', cause)
  }
}

function invalid(path: string, why: string, cause?: unknown): Error {
  return consoleError(
    'CONSOLE_CLIENT_CA',
    `console.client_ca ${path}: ${why}`,
    'name a file with the certificates (PEM) of the authorities that browsers have to show one of, or take the setting away',
    cause,
  )
}
