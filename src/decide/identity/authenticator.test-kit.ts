import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

const ORIGIN = 'https://localhost:9090'

/** Makes passkeys and signs with them, as the authenticator of a person does. */
export interface TestAuthenticator {
  readonly id: string
  readonly key: KeyObject
  readonly spki: string
  counter: number
}

export function authenticator(): TestAuthenticator {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64url')
  return { id: randomBytes(32).toString('base64url'), key: privateKey, spki, counter: 0 }
}

function dataOf({ id, counter }: TestAuthenticator, flags: number, host = 'localhost'): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flags
  head.writeUInt32BE(counter, 1)
  const raw = Buffer.from(id, 'base64url')
  const key = Buffer.concat([Buffer.alloc(16), Buffer.from([0, raw.length]), raw, Buffer.from('cose')])
  const parts = [createHash('sha256').update(host).digest(), head, ...((flags & 0x40) === 0 ? [] : [key])]
  return Buffer.concat(parts)
}

export const said = (type: string, challenge: string, more = {}) =>
  Buffer.from(JSON.stringify({ type, challenge, origin: ORIGIN, ...more })).toString('base64url')

export function registration(made: TestAuthenticator, challenge: string, flags = 0x45, more = {}) {
  return {
    ...{ id: made.id, rawId: made.id, type: 'public-key' as const },
    response: {
      clientDataJSON: said('webauthn.create', challenge, more),
      authenticatorData: dataOf(made, flags).toString('base64url'),
      publicKey: made.spki,
      publicKeyAlgorithm: -7,
    },
  }
}

export function assertion(
  made: TestAuthenticator,
  challenge: string,
  flags = 0x05,
  more = {},
  host = 'localhost',
) {
  const data = dataOf(made, flags, host)
  const clientDataJSON = said('webauthn.get', challenge, more)
  const digest = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()
  const signature = sign('sha256', Buffer.concat([data, digest]), made.key).toString('base64url')
  return {
    ...{ id: made.id, rawId: made.id, type: 'public-key' as const },
    response: { clientDataJSON, authenticatorData: data.toString('base64url'), signature },
  }
}
