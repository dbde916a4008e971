import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  randomBytes,
  sign,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import { publicKeyFromRaw, rawPublicKey } from '../../core/note.ts'
import { identityError } from './errors.ts'

/** What this room computes a MAC for; each has a key of its own, so that one never passes for another. */
export const MAC_PURPOSES = [
  ...(['store', 'code', 'invitation', 'session', 'member-token', 'slip'] as const),
  ...(['console', 'csrf', 'challenge', 'link'] as const),
] as const
export type MacPurpose = (typeof MAC_PURPOSES)[number]

/** What this room seals for the disk; a value sealed for one cannot be opened as another. */
export type SealPurpose = 'totp' | 'console-certificate'

/** Lends 32 secret bytes for the time of a call. */
export interface LentSecret {
  use<T>(act: (bytes: Uint8Array) => T): T
}

export interface PeopleKeys {
  /** HMAC-SHA-256 under the key of this purpose and generation. */
  mac(purpose: MacPurpose, generation: number, text: string): Buffer
  /** Names a key without telling anything of it; 16 hex digits. */
  keyId(purpose: MacPurpose, generation: number): string
  /** AES-256-GCM under a key of this purpose; base64url. */
  seal(purpose: SealPurpose, plain: Uint8Array): string
  /** @throws Error when it was altered, or sealed with another key or for another purpose */
  unseal(purpose: SealPurpose, sealed: string): Buffer
  /** This host's own key, which signs what guests and devices are told. */
  readonly server: { readonly publicKey: string; sign(text: string): string }
}

/** PKCS #8 around a bare Ed25519 seed (RFC 8410, section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

const NONCE_BYTES = 12
/** Nonce and tag stand before what is hidden. */
const HEAD_BYTES = NONCE_BYTES + 16

/** Derives every key of this room from one secret (HKDF, RFC 5869), a label for each purpose and generation. */
export function peopleKeys(secret: LentSecret): PeopleKeys {
  const derive = (label: string): Buffer =>
    secret.use((bytes) => Buffer.from(hkdfSync('sha256', bytes, '', `warder/people/${label}`, 32)))
  const mac = (purpose: MacPurpose, generation: number, text: string): Buffer => {
    const key = derive(`mac/${purpose}/${generation}`)
    try {
      return createHmac('sha256', key).update(text).digest()
    } finally {
      key.fill(0)
    }
  }
  const privateKey = serverKey(derive('server/v1'))
  return {
    mac,
    seal(purpose, plain) {
      const [key, nonce] = [derive(`seal/${purpose}/1`), randomBytes(NONCE_BYTES)]
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose))
      key.fill(0)
      const hidden = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64url')
    },
    unseal(purpose, sealed) {
      const [key, bytes] = [derive(`seal/${purpose}/1`), Buffer.from(sealed, 'base64url')]
      const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, HEAD_BYTES)]
      const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: HEAD_BYTES - NONCE_BYTES })
      key.fill(0)
      cipher.setAAD(Buffer.from(purpose)).setAuthTag(tag)
      return Buffer.concat([cipher.update(bytes.subarray(HEAD_BYTES)), cipher.final()])
    },
    keyId: (purpose, generation) => mac(purpose, generation, 'key id').toString('hex').slice(0, 16),
    server: {
      publicKey: rawPublicKey(createPublicKey(privateKey)).toString('base64url'),
      sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
    },
  }
}

function serverKey(seed: Buffer): KeyObject {
  const der = Buffer.concat([PKCS8_HEAD, seed])
  seed.fill(0)
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } finally {
    der.fill(0)
  }
}

/** Whether two texts are the same, in a time that tells nothing about where they differ. */
export function isSame(given: string | Uint8Array, right: string | Uint8Array): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Points of small order (RFC 7748, section 6.1, in Edwards form): for these keys anybody can make a signature. */
const WEAK_KEYS: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
])

/**
 * An Ed25519 public key as it came over the wire: 32 bytes in base64url, no placeholder and no point of small order.
 *
 * @throws IdentityError `PROOF_INVALID`
 */
export function readPublicKey(text: string): KeyObject {
  const raw = Buffer.from(text, 'base64url')
  const isPlain = raw.length === 32 && raw.toString('base64url') === text
  if (!isPlain || !isReduced(raw) || WEAK_KEYS.has(raw.toString('hex'))) {
    throw identityError(
      'PROOF_INVALID',
      'that is not a usable Ed25519 public key',
      'make a new key pair and ask again',
    )
  }
  try {
    return publicKeyFromRaw(raw)
  } catch (cause) {
    throw identityError(
      'PROOF_INVALID',
      'that is not an Ed25519 public key',
      'make a new key pair and ask again',
      cause,
    )
  }
}

/** Whether it is written in its one form: a coordinate below 2^255 - 19 (RFC 8032, section 5.1.3, step 1). */
function isReduced(raw: Buffer): boolean {
  const isTop = (raw[31]! & 0x7f) === 0x7f && raw.subarray(1, 31).every((byte) => byte === 0xff)
  return !isTop || raw[0]! < 0xed
}
