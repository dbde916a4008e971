import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { PeopleKeys } from '../../decide/identity/index.ts'
import { selfSignedCertificate } from '../../enforce/egress/tls/certificate.ts'
import { readPrivateFile, writeFileAtomic } from '../../platform/files.ts'

/** What the console is known by: it stays the same over restarts, so that a browser asks once. */
export interface ConsoleCertificate {
  readonly certificatePem: string
  readonly key: KeyObject
  /** SHA-256 of the certificate, as browsers show it. */
  readonly fingerprint: string
  readonly untilMs: number
}

export interface CertificateOptions {
  readonly directory: string
  readonly keys: Pick<PeopleKeys, 'seal' | 'unseal'>
  /** Names and addresses it must be for. */
  readonly hosts: readonly string[]
  readonly now: () => number
}

const DAY_MS = 86_400_000
/** Browsers take no server's certificate that lasts longer (CA/Browser Forum, Baseline Requirements 6.3.2). */
const LIFETIME_MS = 397 * DAY_MS
const RENEW_BEFORE_MS = 30 * DAY_MS
const FILE = 'console.certificate.json'

/** The certificate there is, or a new one: when there is none, it runs out, cannot be read, or is for other hosts. */
export function openCertificate(options: CertificateOptions): ConsoleCertificate {
  const found = readCertificate(options)
  return found ?? makeCertificate(options)
}

function readCertificate({
  directory,
  keys,
  hosts,
  now,
}: CertificateOptions): ConsoleCertificate | undefined {
  const bytes = readPrivateFile(join(directory, FILE))
  if (bytes === undefined) return undefined
  try {
    const file = JSON.parse(bytes.toString('utf8')) as Readonly<Record<string, unknown>>
    const { certificate, sealed } = file
    if (typeof certificate !== 'string' || typeof sealed !== 'string') return undefined
    const der = keys.unseal('console-certificate', sealed)
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    der.fill(0)
    const read = new X509Certificate(certificate)
    const untilMs = read.validToDate.getTime()
    const isRight =
      read.checkPrivateKey(key) &&
      untilMs - now() > RENEW_BEFORE_MS &&
      read.validFromDate.getTime() <= now() &&
      hosts.every((host) => (isIP(host) === 0 ? read.checkHost(host) : read.checkIP(host)) !== undefined)
    return isRight
      ? { certificatePem: certificate, key, fingerprint: read.fingerprint256, untilMs }
      : undefined
  } catch {
    return undefined // a file that was altered is no certificate; a new one is made, and its fingerprint shows it
  }
}

function makeCertificate({ directory, keys, hosts, now }: CertificateOptions): ConsoleCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40 // positive and never zero (RFC 5280, 4.1.2.2)
  const untilMs = now() + LIFETIME_MS
  const certificatePem = selfSignedCertificate({
    ...{ name: 'Warder console', hosts, serial, fromMs: now() - DAY_MS, untilMs },
    ...{ key: privateKey, publicKey },
  })
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const sealed = keys.seal('console-certificate', der)
  der.fill(0)
  writeFileAtomic(
    join(directory, FILE),
    `${JSON.stringify({ v: 1, certificate: certificatePem, sealed }, undefined, 2)}\n`,
  )
  const { fingerprint256 } = new X509Certificate(certificatePem)
  return { certificatePem, key: privateKey, fingerprint: fingerprint256, untilMs }
}
