import { randomBytes, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { rawPublicKey } from '../../core/note.ts'
import { pairingText, redeemText, requestText } from '../../core/proof.ts'
import {
  Lockout,
  memoryPeopleStore,
  Members,
  Pairings,
  PeopleBook,
  peopleKeys,
  Senders,
  Sessions,
  Slips,
  type Member,
  type PeopleStore,
  type Sender,
  type SignedRequest,
} from './index.ts'

export const NOW = 1_800_000_000_000

/** Everything on one book, with a clock that a test moves; `again()` is the next start over the same store. */
export function peopleAt(
  store: PeopleStore = memoryPeopleStore(),
  clock = { now: NOW },
  code?: () => string,
) {
  const now = () => clock.now
  const keys = peopleKeys({ use: (act) => act(new Uint8Array(32).fill(7)) })
  const seen = {
    version: 0,
    joined: [] as Member[],
    left: [] as Member[],
    heard: [] as Sender[],
    silenced: [] as Sender[],
    policy: 'policy-1',
  }
  const book = new PeopleBook({ store, keys, atLeast: 0, changed: (version) => (seen.version = version) })
  const lockout = new Lockout(book, now)
  const times = { idleMs: 1_800_000, absoluteMs: 43_200_000, freshMs: 600_000 }
  const sessions = new Sessions({ book, keys, now, times })
  const members = new Members({
    ...{ book, keys, now },
    joined: (member) => seen.joined.push(member),
    left: (member) => seen.left.push(member),
  })
  const pairings = new Pairings({
    book,
    keys,
    lockout,
    now,
    members,
    heard: (sender) => seen.heard.push(sender),
    ...(code === undefined ? {} : { code }),
  })
  const senders = new Senders({ book, pairings, now, left: (sender) => seen.silenced.push(sender) })
  const slips = new Slips({ book, keys, now, policyDigest: () => seen.policy })
  const again = () => peopleAt(store, clock, code)
  return { store, clock, keys, seen, book, lockout, sessions, members, pairings, senders, slips, again }
}

export type TestPeople = ReturnType<typeof peopleAt>

export interface TestKey {
  readonly key: KeyObject
  readonly publicKey: string
}

export function testKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { key: privateKey, publicKey: rawPublicKey(publicKey).toString('base64url') }
}

export function signedBy({ key }: TestKey, text: string): string {
  return sign(null, Buffer.from(text), key).toString('base64url')
}

export const terms = { scope: ['monitor:read'], workspace: null, expiresAt: NOW + 86_400_000 }

export function invite(people: TestPeople, name = 'anna') {
  return people.members.invite({ name, type: 'guest', ...terms, expiresAt: people.clock.now + 86_400_000 })
}

export function redemption({ keys }: TestPeople, invitation: string, by: TestKey) {
  const text = redeemText({ invitation, key: by.publicKey, server: keys.server.publicKey })
  return { invitation, publicKey: by.publicKey, signature: signedBy(by, text) }
}

/** A guest that came in, its key and its token. */
export function guest(people: TestPeople, name = 'anna') {
  const by = testKey()
  const { invitation } = invite(people, name)
  return { by, ...people.members.redeem(redemption(people, invitation, by)) }
}

export function device(people: TestPeople, by: TestKey, name = 'laptop', uid?: number) {
  const asked = { what: 'device' as const, name, type: 'linux', publicKey: by.publicKey }
  return people.pairings.request(uid === undefined ? asked : { ...asked, uid })
}

export function proof(
  { keys }: TestPeople,
  { pairing, code }: { pairing: { id: string; nonce: string; publicKey: string }; code: string },
  by: TestKey,
) {
  const { id, nonce } = pairing
  const text = pairingText({ id, nonce, code, key: by.publicKey, server: keys.server.publicKey })
  return { code, signature: signedBy(by, text) }
}

/** A request as a client would send it. */
export function request(
  people: TestPeople,
  by: TestKey,
  token: string,
  more: Partial<Omit<SignedRequest, 'signature'>> = {},
): SignedRequest {
  const nonce = randomBytes(24).toString('base64url')
  const part = {
    method: 'POST',
    path: '/v1/people/whoami',
    body: Buffer.from('{}'),
    nonce,
    time: people.clock.now,
    token,
  }
  const whole = { ...part, ...more }
  return { ...whole, signature: signedBy(by, requestText(whole)) }
}
