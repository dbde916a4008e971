import type { SecretWanted } from '../api/secrets.ts'
import type { Principal } from '../core/principal.ts'
import { isFor, SecretsError, type Place, type SecretRecord } from '../enforce/secrets/index.ts'
import { DeniedError, type Credential, type GateEvent, type Rooms } from '../gate/index.ts'
import type { SecretValue } from '../platform/secret-value.ts'
import type { Acts } from './acts.ts'
import { useEvent } from './secrets-events.ts'
import { speaker } from './runs.ts'
import type { SecretsRoom } from './secrets-room.ts'

/** A secret that one run may use: everything the way out needs to put it into requests. Whoever gets it closes it. */
export interface LentSecret {
  readonly name: string
  readonly value: SecretValue
  readonly hosts: readonly string[]
  readonly places: readonly Place[]
  readonly budget?: { readonly uses: number }
  readonly plainHttp: boolean
  /** Requests are signed with it, under the key of this id, instead of carrying it. */
  readonly signingKeyId?: string
}

export interface BindingsRequest {
  /** Who starts the run; what is asked of the gate is asked in the agent's name, since the owner may use everything. */
  readonly credential: Credential
  /** The agent the run is of. */
  readonly agent: string
  readonly run: string
  /** Hosts the run may reach, as its grant says them: a secret for none of them is not lent. */
  readonly hosts: readonly string[]
  /** What was asked for by name (`--secret`): each is lent, or the whole is refused. */
  readonly wanted: readonly SecretWanted[]
}

export interface BindingsOptions {
  readonly room: SecretsRoom
  readonly acts: Pick<Acts, 'ask'>
  readonly rooms: Pick<Rooms, 'identify' | 'decide' | 'contained'>
  readonly append: (event: GateEvent) => Promise<unknown>
  /** Whether this agent was lent this secret before. */
  readonly wasUsed: (agent: string, name: string) => boolean
}

/**
 * The secrets of a run: those asked for by name, and those it was granted (`secret:use:NAME`) for hosts it may reach.
 * Three things must agree: the secret is kept for this agent, the policy or a grant lets it use the secret, and the
 * host is one the secret is bound to. Each is asked of the gate and on record before it is lent.
 *
 * @throws SecretsError `SECRET_NOT_FOR`, `SECRET_UNKNOWN`, `SECRETS_LOCKED`, …; DeniedError when the gate says no
 */
export async function bindingsFor(options: BindingsOptions, asked: BindingsRequest): Promise<LentSecret[]> {
  const { room } = options
  if (!room.isThere && asked.wanted.length === 0) return []
  const request = { ...asked, credential: speaker(asked.credential, asked.agent) }
  const lent: LentSecret[] = []
  try {
    for (const { record, hosts } of chosen(options, request))
      lent.push(await lend(options, request, record, hosts))
    return lent
  } catch (error) {
    for (const { value } of lent) value.close()
    throw error
  }
}

interface Chosen {
  readonly record: SecretRecord
  readonly hosts: readonly string[]
}

function chosen(options: BindingsOptions, request: BindingsRequest): Chosen[] {
  const { room, rooms } = options
  const named = request.wanted.map(({ name, hosts }) => {
    const record = room.book().find(name)
    refuseUnfit(record, request.agent, hosts)
    return { record, hosts: hosts.length === 0 ? record.hosts : hosts }
  })
  const who = rooms.identify(request.credential)
  const taken = new Set(named.map(({ record }) => record.name))
  const granted = room
    .list()
    .filter((record) => !taken.has(record.name) && record.disabled === null && isFor(record, request.agent))
    .filter((record) => isGranted(rooms, who, record.name))
    .map((record) => ({ record, hosts: record.hosts.filter((host) => reaches(request.hosts, host)) }))
    .filter(({ hosts }) => hosts.length > 0)
  return [...named, ...granted]
}

/** Whether the policy says yes by itself: nobody is asked about a secret that nobody asked for. */
function isGranted({ contained, decide }: BindingsOptions['rooms'], who: Principal, name: string): boolean {
  if (who.role === 'owner') return false // who may everything asks for what it wants by name
  const action = { namespace: 'secret', verb: 'use', resource: name, risk: 'medium', bytes: '' } as const
  return (contained(who, action) ?? decide(who, action)).effect === 'allow'
}

async function lend(
  { room, acts, append, wasUsed }: BindingsOptions,
  { credential, agent, run }: BindingsRequest,
  record: SecretRecord,
  hosts: readonly string[],
): Promise<LentSecret> {
  const { name, store, places, uses, plainHttp, signingKeyId, current } = record
  const verdict = await acts.ask({
    credential,
    namespace: 'secret',
    verb: 'use',
    resource: name,
    risk: 'medium',
    input: { agent, run, name, version: current.version, hosts: [...hosts] },
  })
  if (verdict.decision.effect !== 'allow') throw new DeniedError(verdict)
  const value = await room.book().value(name)
  const isFirst = !wasUsed(agent, name)
  try {
    await append(
      useEvent({ agent, run, name, hosts, what: 'lent', version: current.version, store, isFirst }),
    )
  } catch (error) {
    value.close() // what cannot be put on record is not lent
    throw error
  }
  return {
    ...{ name, value, hosts, places, plainHttp },
    ...(uses === null ? {} : { budget: { uses } }),
    ...(signingKeyId === null ? {} : { signingKeyId }),
  }
}

function refuseUnfit(record: SecretRecord, agent: string, hosts: readonly string[]): void {
  const { name, disabled } = record
  if (disabled !== null)
    throw notFor(`${name} is out of use: ${disabled.why}`, `warder secret bind ${name} --enable`)
  if (!isFor(record, agent))
    throw notFor(`${name} is not kept for ${agent}`, `warder secret bind ${name} --for ${agent}`)
  if (record.hosts.length === 0)
    throw notFor(`${name} is bound to no host`, `warder secret bind ${name} --host HOST`)
  const foreign = hosts.find((host) => !covers(record.hosts, host))
  if (foreign !== undefined)
    throw notFor(`${name} is not for ${foreign}`, `its hosts: ${record.hosts.join(', ')}`)
}

/** Whether one of the patterns says yes to all that `host`, itself a pattern, can be. */
export function covers(patterns: readonly string[], host: string): boolean {
  return patterns.some((pattern) => {
    const [bound, asked] = [parts(pattern), parts(host)]
    if (bound.port !== '' && bound.port !== asked.port) return false
    if (bound.name === asked.name) return true
    return bound.name.startsWith('*.') && asked.name.endsWith(bound.name.slice(1))
  })
}

/** Whether what may be reached and what the secret is for have a host in common. */
function reaches(reachable: readonly string[], host: string): boolean {
  return reachable.some(
    (each) => covers([each], host) || covers([host], each) || covers([parts(each).name], host),
  )
}

function parts(host: string): { readonly name: string; readonly port: string } {
  const [, name = host, port = ''] = /^(.*?)(?::(\d{1,5}))?$/.exec(host) ?? []
  // the colons of an address are within brackets, so what follows the last one outside them is a port
  return host.startsWith('[') && !host.includes(']:') ? { name: host, port: '' } : { name, port }
}

function notFor(what: string, fix: string): SecretsError {
  return new SecretsError('SECRET_NOT_FOR', what, fix)
}
