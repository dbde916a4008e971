import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHmac, randomBytes } from 'node:crypto'
import {
  PEOPLE_CALLS,
  PROOF_HEADERS,
  type PeopleCallName,
  type PeopleInput,
  type PeopleOutput,
} from '../../src/api/people-calls.ts'
import { newKeyPair, peopleClient, signed, type KeyPair, type PeopleClient } from '../../src/client/people.ts'
import { messageText, pairingText, redeemText, requestText } from '../../src/core/proof.ts'
import type { Owner } from './owner.ts'

/** The socket for guests and devices of one test, and who comes through it. */
export interface Strangers {
  readonly socket: string
  /** For `owner(t, house, settings)`. */
  readonly settings: readonly string[]
  readonly client: PeopleClient
  /** What the chat bridge signs with. */
  readonly bridgeSecret: string
}

export function strangers(t: { after(fn: () => void): void }): Strangers {
  const directory = mkdtempSync(join(tmpdir(), 'wp-'))
  chmodSync(directory, 0o755) // the socket’s own directory is in it, and others must get that far
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const socket = join(directory, 'p/people.sock')
  const bridgeSecret = randomBytes(32).toString('hex')
  const file = join(directory, 'bridge.secret')
  writeFileSync(file, `${bridgeSecret}\n`, { mode: 0o600 })
  const settings = [`people.socket=${socket}`, `approval.webhook_secret=${file}`]
  return { socket, settings, client: peopleClient(socket, Date.now), bridgeSecret }
}

/** A chat message as a bridge brings it, ready to be sent. */
export function brought(sender: string, text: string, secret: string, time = Date.now()) {
  const { path } = PEOPLE_CALLS.message
  const body = JSON.stringify({ sender, text })
  const nonce = randomBytes(24).toString('base64url')
  const signature = createHmac('sha256', secret)
    .update(messageText({ path, body, nonce, time }))
    .digest('hex')
  const headers = {
    [PROOF_HEADERS.nonce]: nonce,
    [PROOF_HEADERS.time]: String(time),
    [PROOF_HEADERS.signature]: signature,
  }
  return { path, body, headers }
}

/** Somebody who was let in. */
export interface Insider {
  readonly pair: KeyPair
  readonly id: string
  readonly token: string
  call<N extends PeopleCallName>(name: N, input: PeopleInput<N>): Promise<PeopleOutput<N>>
}

function insider({ client }: Strangers, pair: KeyPair, id: string, token: string): Insider {
  return { pair, id, token, call: (name, input) => client.call(name, input, { key: pair.key, token }) }
}

export async function redeem(those: Strangers, invitation: string, pair = newKeyPair()): Promise<Insider> {
  const server = await those.client.hello(invitation.split('.')[3])
  const signature = signed(pair.key, redeemText({ invitation, key: pair.publicKey, server }))
  const { member, token } = await those.client.join('redeem', {
    invitation,
    publicKey: pair.publicKey,
    signature,
  })
  return insider(those, pair, member.id, token)
}

export async function comeAsGuest(
  those: Strangers,
  me: Owner,
  name: string,
  scope: string[],
  more: { workspace?: string; expiresIn?: string } = {},
): Promise<Insider> {
  const { invitation } = await me.call('guestInvite', { name, scope, ...more })
  return redeem(those, invitation)
}

export async function askToPair({ client }: Strangers, name: string, pair = newKeyPair()) {
  const asked = await client.join('pairingRequest', { name, type: 'linux', publicKey: pair.publicKey })
  return { ...asked, pair }
}
export type AskedToPair = Awaited<ReturnType<typeof askToPair>>

export function pairingProof({ id, nonce, code, server, pair }: AskedToPair, by = pair) {
  const signature = signed(by.key, pairingText({ id, nonce, code, key: by.publicKey, server }))
  return { id, code, signature }
}

export async function comeAsDevice(
  those: Strangers,
  me: Owner,
  name: string,
  scope: string[],
  more = {},
): Promise<Insider> {
  const asked = await askToPair(those, name)
  await me.call('pairingApprove', { code: asked.code, scope, ...more })
  const { member, token } = await those.client.join('pairingProve', pairingProof(asked))
  return insider(those, asked.pair, member.id, token)
}

/** A request as it goes over the wire, to be sent again, by another, or changed. */
export function captured(by: Insider, name: PeopleCallName, input: object, time = Date.now()) {
  const { path } = PEOPLE_CALLS[name]
  const body = JSON.stringify(input)
  const nonce = randomBytes(24).toString('base64url')
  const signature = signed(
    by.pair.key,
    requestText({ method: 'POST', path, body, nonce, time, token: by.token }),
  )
  const headers: Record<string, string> = {
    [PROOF_HEADERS.token]: by.token,
    [PROOF_HEADERS.nonce]: nonce,
    [PROOF_HEADERS.time]: String(time),
    [PROOF_HEADERS.signature]: signature,
  }
  return { path, body, headers }
}
