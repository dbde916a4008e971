import { sha256 } from './canonical.ts'

/** How people compare a key by eye: the first 16 hex digits of its SHA-256, in fours. `publicKey` is base64url. */
export function fingerprintOf(publicKey: string): string {
  return sha256(Buffer.from(publicKey, 'base64url'))
    .slice(0, 16)
    .replaceAll(/(.{4})(?=.)/g, '$1-')
}
