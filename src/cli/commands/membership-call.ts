import type { PeopleCallName, PeopleInput, PeopleOutput } from '../../api/people-calls.ts'
import { findMembership, writeMembership, type Membership } from '../../client/membership.ts'
import { keyPairOf, peopleClient, type Holder, type PeopleClient } from '../../client/people.ts'
import type { Context } from '../command.ts'

const EARLY_MS = 60_000

/** One call as a guest or device, with a token that is renewed by key when its day is over. */
export async function callAs<N extends PeopleCallName>(
  context: Context,
  name: string | undefined,
  call: N,
  input: PeopleInput<N>,
): Promise<PeopleOutput<N>> {
  return await asMember(context, name, (client, by) => client.call(call, input, by))
}

/** The same for a call that answers line by line. */
export async function* streamAs<N extends PeopleCallName>(
  context: Context,
  name: string | undefined,
  call: N,
  input: PeopleInput<N>,
  signal: AbortSignal,
): AsyncGenerator<PeopleOutput<N>> {
  // asked first for what is small, so that a token which is over is renewed before the long call begins
  const opened = await asMember(context, name, async (client, by) => {
    await client.call('whoami', {}, by)
    return { client, by }
  })
  yield* opened.client.stream(call, input, opened.by, signal)
}

async function asMember<T>(
  context: Context,
  name: string | undefined,
  act: (client: PeopleClient, by: Holder) => Promise<T>,
): Promise<T> {
  const keys = context.config.values['paths.keys']
  const found = findMembership(keys, name)
  const client = peopleClient(found.socket, () => context.clock.now())
  await client.hello(found.server)
  const membership = isOver(found, context.clock.now()) ? await renewed(client, keys, found) : found
  const { key } = keyPairOf(membership.key)
  try {
    return await act(client, { key, token: membership.token ?? '' })
  } catch (error) {
    if (!isRenewable(error)) throw error
    const again = await renewed(client, keys, membership) // its owner replaced the token, or the key behind it
    return await act(client, { key, token: again.token ?? '' })
  }
}

function isOver({ token, tokenExpiresAt = '' }: Membership, now: number): boolean {
  return token === undefined || !(Date.parse(tokenExpiresAt) - now > EARLY_MS)
}

function isRenewable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'TOKEN_INVALID' || code === 'TOKEN_EXPIRED' || code === 'TOKEN_REVOKED'
}

async function renewed(client: PeopleClient, keys: string, membership: Membership): Promise<Membership> {
  const { key } = keyPairOf(membership.key)
  const given = await client.call('renew', { member: membership.member ?? 'none' }, { key, token: '' })
  const fresh = { ...membership, token: given.token, tokenExpiresAt: given.expiresAt }
  writeMembership(keys, fresh)
  return fresh
}
