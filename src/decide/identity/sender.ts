import type { PeopleBook } from './book.ts'
import { shownCode } from './code.ts'
import { IdentityError, identityError } from './errors.ts'
import { senderKey, type Pairings } from './pairing.ts'
import type { Sender } from './records.ts'

export interface SendersOptions {
  readonly book: PeopleBook
  readonly pairings: Pairings
  readonly now: () => number
  /** Told of each sender whose rights were taken away. */
  readonly left?: (sender: Sender) => void
}

/** What becomes of a message: it may be read, or it is not, and perhaps a fixed answer goes back. */
export type Heard =
  | { readonly isKnown: true; readonly principal: string; readonly sender: Sender }
  | { readonly isKnown: false; readonly reply?: string }

const LONGEST_NAME = 128

/**
 * Chat senders. Until a sender is approved nothing of its message is looked at: this is not even handed the text. A
 * stranger gets one fixed answer with a code, and no second one while that code holds.
 */
export class Senders {
  readonly #options: SendersOptions

  constructor(options: SendersOptions) {
    this.#options = options
  }

  /** Asked for each message before anything of it is read. */
  hear(channel: string, sender: string): Heard {
    const { pairings } = this.#options
    checkWords(channel, sender)
    const known = this.find(channel, sender)
    if (known !== undefined) return { isKnown: true, principal: senderPrincipal(known), sender: known }
    const waits = pairings
      .pending()
      .some((each) => each.what === 'sender' && each.type === channel && each.name === sender)
    if (waits) return { isKnown: false }
    try {
      const { code } = pairings.request({ what: 'sender', name: sender, type: channel })
      return { isKnown: false, reply: replyWith(code) }
    } catch (error) {
      // too many strangers at once: they are not answered, which is what a flood gets
      if (error instanceof IdentityError && error.code.startsWith('PEOPLE_')) return { isKnown: false }
      throw error
    }
  }

  /** A sender that may act at this moment. */
  find(channel: string, sender: string): Sender | undefined {
    const { book, now } = this.#options
    const known = book.get('sender', senderKey(channel, sender))
    return known !== undefined && now() < known.expiresAt && now() >= known.approvedAt ? known : undefined
  }

  list(): readonly Sender[] {
    return this.#options.book.list('sender').filter(({ expiresAt }) => this.#options.now() < expiresAt)
  }

  /** @throws IdentityError `MEMBER_UNKNOWN` */
  revoke(channel: string, sender: string): void {
    const key = senderKey(channel, sender)
    const known = this.#options.book.get('sender', key)
    if (known === undefined) {
      throw identityError('MEMBER_UNKNOWN', 'no such chat sender is known', 'look at: warder device list')
    }
    this.#options.book.remove('sender', key, true)
    this.#options.left?.(known)
  }
}

/** How a chat sender is called in policy and record; no agent, guest or device can have such a name. */
export function senderPrincipal({ channel, sender }: Pick<Sender, 'channel' | 'sender'>): string {
  return `chat:${channel}/${sender}`
}

/** The one answer a stranger gets; nothing the stranger wrote is in it. */
function replyWith(code: string): string {
  return `You are not known here yet. If the owner is with you, they can run: warder pairing approve ${shownCode(code)} (within 5 minutes)`
}

function checkWords(...words: readonly string[]): void {
  for (const word of words) {
    if (word.length > 0 && word.length <= LONGEST_NAME && !/[\u0000-\u0020\u007f-\u009f]/.test(word)) continue
    throw identityError('IDENTITY_NAME', 'a channel or sender is not a plain name', 'mend the chat adapter')
  }
}
