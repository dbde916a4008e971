import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'
import { isSame, type PeopleKeys } from './keys.ts'
import type { Passkey } from './records.ts'
import {
  ALGORITHMS,
  readAssertion,
  readRegistration,
  type AssertionShape,
  type RegistrationShape,
} from './webauthn.ts'

export interface PasskeysOptions {
  readonly book: PeopleBook
  readonly keys: Pick<PeopleKeys, 'mac'>
  readonly now: () => number
}

/** What a challenge is for; one for logging in adds no key, and one of a session is of no use in another. */
export interface Purpose {
  readonly for: 'login' | 'fresh' | 'register'
  /** Of whom is already in. */
  readonly session: string
}

/** Where the page is that asks: passkeys are bound to the name of a host. */
export interface Place {
  readonly host: string
  readonly origin: string
}

const CHALLENGE_MS = 300_000
const MOST_OF_A_PERSON = 16
const TIME_BYTES = 6
const RANDOM_BYTES = 16
const MAC_BYTES = 16

/** Passkeys of people at the console. Challenges are kept nowhere: who asks for thousands fills no memory. */
export class Passkeys {
  readonly #options: PasskeysOptions

  constructor(options: PasskeysOptions) {
    this.#options = options
  }

  list(person: string): readonly Passkey[] {
    return this.#options.book.list('passkey').filter((each) => each.person === person)
  }

  /** Whether anybody could log in with one. */
  isAny(): boolean {
    return this.#options.book.list('passkey').length > 0
  }

  /** What a browser is asked for a new passkey (PublicKeyCredentialCreationOptionsJSON). */
  creation(purpose: Purpose, person: string, { host }: Place) {
    return {
      challenge: this.#challenge(purpose),
      rp: { id: host, name: 'Warder' },
      user: { id: Buffer.from(person).toString('base64url'), name: person, displayName: person },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key' as const, alg })),
      excludeCredentials: this.list(person).map(({ id }) => ({ type: 'public-key' as const, id })),
      authenticatorSelection: { residentKey: 'required' as const, userVerification: 'required' as const },
      attestation: 'none' as const,
      timeout: CHALLENGE_MS,
    }
  }

  /** What a browser is asked for a known one; nobody is named, so that it tells nothing of who is known here. */
  request(purpose: Purpose, { host }: Place) {
    const challenge = this.#challenge(purpose)
    return { challenge, rpId: host, userVerification: 'required' as const, timeout: CHALLENGE_MS }
  }

  /** @throws IdentityError `PASSKEY_INVALID`, `PEOPLE_FULL`, `MEMBER_TAKEN` */
  add(
    response: z.infer<typeof RegistrationShape>,
    purpose: Purpose,
    person: string,
    place: Place,
    name: string,
  ): Passkey {
    const { book, now } = this.#options
    const challenge = this.#answered(response.response.clientDataJSON, purpose)
    const { id, key, counter } = readRegistration(response, { challenge: challenge.text, ...place })
    if (book.get('passkey', id) !== undefined) {
      throw identityError('MEMBER_TAKEN', 'that passkey is known already', 'use another authenticator')
    }
    if (this.list(person).length >= MOST_OF_A_PERSON) {
      throw identityError('PEOPLE_FULL', `${MOST_OF_A_PERSON} passkeys are known already`, 'remove one first')
    }
    challenge.spend()
    const made: Passkey = {
      ...{ id, person, key, host: place.host, name, counter, madeAt: now(), usedAt: null },
    }
    book.put('passkey', id, made, true)
    return made
  }

  /** Whose passkey answered. @throws IdentityError `PASSKEY_INVALID` */
  prove(response: z.infer<typeof AssertionShape>, purpose: Purpose, place: Place): Passkey {
    const { book, now } = this.#options
    const known = book.get('passkey', response.id)
    if (known === undefined || known.host !== place.host) throw unknown()
    const challenge = this.#answered(response.response.clientDataJSON, purpose)
    const counter = readAssertion(response, { challenge: challenge.text, ...place }, known)
    challenge.spend()
    const used = { ...known, counter, usedAt: now() }
    book.put('passkey', known.id, used)
    return used
  }

  /** @throws IdentityError `PASSKEY_INVALID` */
  remove(id: string, person: string): Passkey {
    const known = this.#options.book.get('passkey', id)
    if (known === undefined || known.person !== person) throw unknown()
    this.#options.book.remove('passkey', id, true)
    return known
  }

  removeAll(person: string): void {
    for (const { id } of this.list(person)) this.#options.book.remove('passkey', id, true)
  }

  #challenge(purpose: Purpose): string {
    const until = Buffer.alloc(TIME_BYTES)
    until.writeUIntBE(this.#options.now() + CHALLENGE_MS, 0, TIME_BYTES)
    const head = Buffer.concat([until, randomBytes(RANDOM_BYTES)])
    return Buffer.concat([head, this.#macOf(head, purpose)]).toString('base64url')
  }

  /** The challenge an answer is about, when it is ours, of this purpose, in time and not used before. */
  #answered(clientData: string, purpose: Purpose): { text: string; spend: () => void } {
    const { book, now } = this.#options
    const text = challengeIn(clientData)
    const bytes = Buffer.from(text, 'base64url')
    const head = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES)
    const isOurs =
      bytes.length === TIME_BYTES + RANDOM_BYTES + MAC_BYTES &&
      isSame(bytes.subarray(TIME_BYTES + RANDOM_BYTES), this.#macOf(head, purpose))
    const until = isOurs ? head.readUIntBE(0, TIME_BYTES) : 0
    if (now() >= until) throw stale()
    const spend = () => {
      if (!book.spend(`challenge ${text}`, until, now())) throw stale()
    }
    return { text, spend }
  }

  #macOf(head: Buffer, { for: what, session }: Purpose): Buffer {
    const text = `${what}\n${session}\n${head.toString('hex')}`
    return this.#options.keys.mac('challenge', 1, text).subarray(0, MAC_BYTES)
  }
}

/** Only to know which challenge it is; whether it was signed over is seen later. */
function challengeIn(clientData: string): string {
  try {
    const said = JSON.parse(Buffer.from(clientData, 'base64url').toString('utf8')) as unknown
    const text =
      typeof said === 'object' && said !== null
        ? (said as Readonly<Record<string, unknown>>)['challenge']
        : ''
    return typeof text === 'string' ? text : ''
  } catch {
    return ''
  }
}

function stale(): Error {
  return identityError(
    'PASSKEY_INVALID',
    'the passkey proves nothing: its question was not asked here, is too old, or was answered before',
    'begin again',
  )
}

function unknown(): Error {
  return identityError('PASSKEY_INVALID', 'that passkey is not known here', 'log in another way')
}
