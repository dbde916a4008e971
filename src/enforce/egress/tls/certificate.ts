import { createHash, sign, type KeyObject } from 'node:crypto'
import { isAddress } from '../broker/index.ts'
import { bits, inside, integer, objectId, octets, plain, sequence, set, time, TRUE, utf8 } from './der.ts'

/** What both certificates are made of: the two shapes Warder makes, and no other. */
interface CertificateText {
  readonly serial: Uint8Array
  readonly issuer: string
  readonly subject: string
  readonly fromMs: number
  readonly untilMs: number
  readonly publicKey: KeyObject
  readonly extensions: readonly Buffer[]
}

export interface AuthorityText {
  readonly name: string
  readonly serial: Uint8Array
  readonly fromMs: number
  readonly untilMs: number
  readonly key: KeyObject
  readonly publicKey: KeyObject
  /** Host patterns it may speak for: `a.example`, `*.example`, or an address. */
  readonly hosts: readonly string[]
}

export interface LeafText {
  readonly host: string
  readonly serial: Uint8Array
  readonly fromMs: number
  readonly untilMs: number
  readonly publicKey: KeyObject
  readonly issuer: AuthorityText
}

const ECDSA_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'))
const COMMON_NAME = objectId('2.5.4.3')
/** RFC 5280, appendix A.1: ub-common-name. */
const LONGEST_COMMON_NAME = 64

/**
 * A certificate authority that may sign for its hosts and for nothing else: whoever steals its key, or finds it in a
 * trust store it was left in, cannot speak for any other name (RFC 5280, 4.2.1.10; the constraint is critical).
 */
export function authorityCertificate(text: AuthorityText): string {
  const id = keyId(text.publicKey)
  return certificate(
    {
      ...text,
      issuer: text.name,
      subject: text.name,
      extensions: [
        extension('2.5.29.19', sequence(TRUE, integer(Buffer.from([0]))), true), // a CA, with no CA below it
        extension('2.5.29.15', bits(Buffer.from([0x04]), 2), true), // keyCertSign
        extension('2.5.29.30', nameConstraints(text.hosts), true),
        extension('2.5.29.14', octets(id)),
        extension('2.5.29.35', sequence(plain(0, id))),
      ],
    },
    text.key,
  )
}

/** A server's certificate for one host, signed by the authority. */
export function leafCertificate(text: LeafText): string {
  const { issuer, host } = text
  // an address as a common name would be taken for a name, which no constraint permits
  const subject = host.length <= LONGEST_COMMON_NAME && !isAddress(host) ? host : ''
  return certificate(
    {
      ...text,
      issuer: issuer.name,
      subject,
      extensions: [
        extension('2.5.29.19', sequence(), true),
        extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true), // digitalSignature
        extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1'))), // serverAuth
        // critical when the subject is empty (RFC 5280, 4.2.1.6)
        extension('2.5.29.17', sequence(generalName(host)), subject === ''),
        extension('2.5.29.14', octets(keyId(text.publicKey))),
        extension('2.5.29.35', sequence(plain(0, keyId(issuer.publicKey)))),
      ],
    },
    issuer.key,
  )
}

export interface SelfSignedText {
  readonly name: string
  /** Names and addresses it is for. */
  readonly hosts: readonly string[]
  readonly serial: Uint8Array
  readonly fromMs: number
  readonly untilMs: number
  readonly key: KeyObject
  readonly publicKey: KeyObject
}

/** A server's certificate that nobody else vouches for: people know it by its digest. It can sign no other. */
export function selfSignedCertificate(text: SelfSignedText): string {
  const id = keyId(text.publicKey)
  return certificate(
    {
      ...text,
      issuer: text.name,
      subject: text.name,
      extensions: [
        extension('2.5.29.19', sequence(), true),
        extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true), // digitalSignature
        extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1'))), // serverAuth
        extension('2.5.29.17', sequence(...text.hosts.map(generalName))),
        extension('2.5.29.14', octets(id)),
        extension('2.5.29.35', sequence(plain(0, id))),
      ],
    },
    text.key,
  )
}

function certificate(text: CertificateText, key: KeyObject): string {
  const signed = sequence(
    inside(0, integer(Buffer.from([2]))), // version 3
    integer(text.serial),
    ECDSA_SHA256,
    distinguishedName(text.issuer),
    sequence(time(text.fromMs), time(text.untilMs)),
    distinguishedName(text.subject),
    text.publicKey.export({ type: 'spki', format: 'der' }),
    inside(3, sequence(...text.extensions)),
  )
  const signature = sign('sha256', signed, { key, dsaEncoding: 'der' })
  return pem(sequence(signed, ECDSA_SHA256, bits(signature)))
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function distinguishedName(commonName: string): Buffer {
  return commonName === '' ? sequence() : sequence(set(sequence(COMMON_NAME, utf8(commonName))))
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(objectId(id), ...(isCritical ? [TRUE] : []), octets(value))
}

/** RFC 5280, 4.2.1.2, method 1. */
function keyId(publicKey: KeyObject): Buffer {
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65)
  return createHash('sha1').update(point).digest()
}

function generalName(host: string): Buffer {
  return !isAddress(host) ? plain(2, Buffer.from(host)) : plain(7, addressBytes(host))
}

const EVERY_IPV4 = Buffer.alloc(8)
const EVERY_IPV6 = Buffer.alloc(32)

/**
 * A kind of name that is not mentioned at all would be free (RFC 5280, 4.2.1.10), so every kind a server may have is:
 * either some names of it are permitted, or all are excluded.
 */
function nameConstraints(hosts: readonly string[]): Buffer {
  const names = hosts.filter((host) => !isAddress(host))
  const addresses = hosts.filter((host) => isAddress(host))
  const permitted = [
    ...names.map((name) => plain(2, Buffer.from(name.replace(/^\*?\./, '')))),
    ...addresses.map((address) => plain(7, onlyThis(addressBytes(address)))),
  ]
  const excluded = [
    ...(names.length === 0 ? [plain(2, Buffer.alloc(0))] : []),
    ...(addresses.some(isVersion4) ? [] : [plain(7, EVERY_IPV4)]),
    ...(addresses.some((address) => !isVersion4(address)) ? [] : [plain(7, EVERY_IPV6)]),
  ]
  const subtrees = (bases: readonly Buffer[]) => bases.map((base) => sequence(base))
  return sequence(
    ...(permitted.length === 0 ? [] : [inside(0, ...subtrees(permitted))]),
    ...(excluded.length === 0 ? [] : [inside(1, ...subtrees(excluded))]),
  )
}

const isVersion4 = (address: string): boolean => !address.includes(':')

const onlyThis = (address: Buffer): Buffer => Buffer.concat([address, Buffer.alloc(address.length, 0xff)])

function addressBytes(address: string): Buffer {
  if (isVersion4(address)) return Buffer.from(address.split('.').map(Number))
  const host = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? '::'
  const [head = '', tail] = host.split('::')
  const groups = (part = '') =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [groups(head), groups(tail)]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}
