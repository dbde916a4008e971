import { crc32 } from 'node:zlib'

/** Check digits of tokens. Each takes the whole token and tells whether they are right. */
export const CHECKS = { base62Crc, gitlabCrc, awsAccount, bech32 } as const

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** GitHub and npm: the last six characters are the CRC-32 of those between the prefix and them, in base 62. */
function base62Crc(token: string): boolean {
  const body = token.slice(token.indexOf('_') + 1)
  let sum = crc32(body.slice(0, -6))
  const digits: string[] = []
  for (let place = 0; place < 6; place++) {
    digits.unshift(BASE62[sum % 62]!)
    sum = Math.floor(sum / 62)
  }
  return digits.join('') === body.slice(-6)
}

/** GitLab's routable tokens: the last seven characters are the CRC-32 of all before them, in base 36. */
function gitlabCrc(token: string): boolean {
  return crc32(token.slice(0, -7)).toString(36).padStart(7, '0') === token.slice(-7)
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** AWS: the account's number, of at most twelve digits, stands in the ten characters behind the prefix. */
function awsAccount(token: string): boolean {
  let bits = 0n
  for (const letter of token.slice(4, 14)) bits = (bits << 5n) | BigInt(BASE32.indexOf(letter))
  const account = ((bits >> 2n) & 0x7fffffffffff80n) >> 7n
  return account <= 999_999_999_999n
}

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const BECH32_STEPS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

/** @see BIP 173 */
function bech32(token: string): boolean {
  const text = token.toLowerCase()
  const split = text.lastIndexOf('1')
  const codes = Array.from(text.slice(0, split)).map((letter) => letter.charCodeAt(0))
  const values = Array.from(text.slice(split + 1)).map((letter) => BECH32.indexOf(letter))
  const all = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...values]
  let sum = 1
  for (const value of all) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    BECH32_STEPS.forEach((step, bit) => {
      if ((top >>> bit) & 1) sum ^= step
    })
  }
  return sum === 1
}
