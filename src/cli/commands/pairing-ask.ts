import { hostname } from 'node:os'
import { fingerprintOf } from '../../core/fingerprint.ts'
import { pairingText } from '../../core/proof.ts'
import { findMembership, listMemberships, writeMembership, type Membership } from '../../client/membership.ts'
import { keyPairOf, newKeyPair, peopleClient, pkcs8Of, signed } from '../../client/people.ts'
import type { Context } from '../command.ts'
import { flag, option, requiredOption } from '../param.ts'
import { qrRows, speaksUnicode } from '../qr.ts'
import { scanText } from './pairing-scan.ts'

export const ASK_OPTIONS = {
  at: requiredOption('the socket its owner named', { value: 'PATH', completes: 'file' }),
  name: option('how this device is called there (default: the name of this machine)'),
  noQr: flag('show code and fingerprint as text alone'),
} as const

export interface Asked {
  readonly name: string
  readonly code: string
  /** Of this device's key, and of the host's. */
  readonly fingerprint: string
  readonly host: string
  readonly expiresAt: string
}

/** Asks to be paired; what is asked for already and still waits is taken up again. */
export async function askToPair(
  context: Context,
  { socket, name = nameHere() }: { readonly socket: string; readonly name: string | undefined },
): Promise<Asked> {
  const keys = context.config.values['paths.keys']
  const before = listMemberships(keys).find((each) => each.name === name && each.socket === socket)
  if (before?.pairing !== undefined && Date.parse(before.pairing.expiresAt) > context.clock.now())
    return shownOf(before)
  const client = peopleClient(socket, () => context.clock.now())
  const server = await client.hello()
  const pair = newKeyPair()
  const { id, code, nonce, expiresAt } = await client.join('pairingRequest', {
    name,
    type: process.platform === 'darwin' ? 'macos' : 'linux',
    publicKey: pair.publicKey,
  })
  const membership = { socket, server, name, key: pkcs8Of(pair), pairing: { id, code, nonce, expiresAt } }
  writeMembership(keys, membership)
  return shownOf(membership)
}

/** How far it is; once approved, the key is proven and the token kept. @returns the state, `active` at the end */
export async function goOnPairing(context: Context, name: string): Promise<string> {
  const keys = context.config.values['paths.keys']
  const membership = findMembership(keys, name)
  const { pairing, socket, server } = membership
  if (pairing === undefined) return 'active'
  const client = peopleClient(socket, () => context.clock.now())
  await client.hello(server)
  const { state } = await client.join('pairingState', { id: pairing.id })
  if (state !== 'approved') return state
  const { key, publicKey } = keyPairOf(membership.key)
  const { id, nonce, code } = pairing
  const signature = signed(key, pairingText({ id, nonce, code, key: publicKey, server }))
  const { member, token, expiresAt } = await client.join('pairingProve', { id, code, signature })
  const kept = {
    socket,
    server,
    name,
    key: membership.key,
    member: member.id,
    token,
    tokenExpiresAt: expiresAt,
  }
  writeMembership(keys, kept)
  return 'active'
}

export function shownAs({ code, fingerprint, host }: Asked): string {
  return [
    `code         ${code.slice(0, 4)}-${code.slice(4)}`,
    `fingerprint  ${fingerprint}  (this device)`,
    `host         ${host}`,
    `On the other machine: warder pairing approve ${code.slice(0, 4)}-${code.slice(4)}, and compare the fingerprint.`,
  ].join('\n')
}

/**
 * The same for a camera: whoever scans it has code and fingerprint without typing either. Drawn only where it surely
 * comes out as one: a terminal with colours, room, and a locale that has the signs.
 */
export function drawScan({ out, environment }: Context, asked: Asked): boolean {
  return speaksUnicode(environment) && out.picture(qrRows(scanText(asked)))
}

function shownOf({ name, key, server, pairing }: Membership): Asked {
  const { code = '', expiresAt = '' } = pairing ?? {}
  const { publicKey } = keyPairOf(key)
  return { name, code, fingerprint: fingerprintOf(publicKey), host: fingerprintOf(server), expiresAt }
}

function nameHere(): string {
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 32)
  return name === '' ? 'device' : name
}
