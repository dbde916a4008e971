import { createHmac } from 'node:crypto'
import { messageText } from '../../core/proof.ts'
import type { PeopleBook } from './book.ts'
import { identityError } from './errors.ts'
import { isSame } from './keys.ts'
import type { SignedRequest } from './member-token.ts'

export interface ChatBridgeOptions {
  readonly book: Pick<PeopleBook, 'spend'>
  /** What the bridge and we hold, and nobody else; at least 32 bytes. */
  readonly secret: Uint8Array
  readonly now: () => number
}

/** How far two clocks may be apart, and how long a message can be repeated at all. */
const CLOCK_MS = 60_000
const LEAST_SECRET_BYTES = 32

/**
 * The far end that brings chat messages. It vouches for who sent one and for what was said, by a MAC over the very
 * bytes, the moment and a number used once; the numbers are on disk, so that a restart does not make an old one good.
 */
export class ChatBridge {
  readonly #options: ChatBridgeOptions

  constructor(options: ChatBridgeOptions) {
    if (options.secret.length < LEAST_SECRET_BYTES)
      throw new TypeError('a bridge has a secret of 32 bytes or more')
    this.#options = options
  }

  /** @throws IdentityError `PROOF_INVALID`, `PROOF_REPLAYED` */
  prove({ path, body, nonce, time, signature }: SignedRequest): void {
    const { book, secret, now } = this.#options
    const at = now()
    if (!/^[A-Za-z0-9_-]{22,64}$/.test(nonce) || !(Math.abs(at - time) <= CLOCK_MS)) {
      throw unproven('its time is more than a minute off, or its nonce is none')
    }
    const right = createHmac('sha256', secret).update(messageText({ path, body, nonce, time })).digest('hex')
    if (!isSame(signature, right)) throw unproven('it is not signed with the secret of the bridge')
    // last, so that only who holds the secret can fill the list
    if (book.spend(`bridge ${nonce}`, at + 2 * CLOCK_MS, at)) return
    throw identityError('PROOF_REPLAYED', 'the message came a second time', 'sign each message anew')
  }
}

function unproven(why: string): Error {
  return identityError(
    'PROOF_INVALID',
    `the message is not proven: ${why}`,
    'see docs/identity.md for what a bridge signs, and check its clock',
  )
}
