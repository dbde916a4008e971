import { randomBytes } from 'node:crypto'
import { isAbsolute, normalize } from 'node:path'
import type { ParsedInputOf } from '../../api/endpoints.ts'
import type { CanaryAnswer } from '../../api/canaries.ts'
import { sha256 } from '../../core/canonical.ts'
import { KnownError } from '../../core/error.ts'
import {
  bearerToken,
  canaryError,
  cloudCredentials,
  hostName,
  MOST_CANARIES,
  plantFile,
  privateNotes,
  removeFile,
  type Canary,
} from '../../watch/canary/index.ts'
import type { Acts } from '../acts.ts'
import { newCanaryId, type Canaries } from '../watch/canaries.ts'
import type { Handlers } from './app.ts'

type CanaryHandlers = Pick<Handlers, 'canaryList' | 'canaryCheck' | 'canaryPlant' | 'canaryRemove'>
type Credential = Parameters<Handlers['canaryPlant']>[1]
type Wanted = ParsedInputOf<'canaryPlant'>

export interface CanaryHandlersOptions {
  readonly canaries: Canaries
  readonly acts: Acts
  /** The owner's own calls, for a canary that is a secret. */
  readonly secrets: Pick<Handlers, 'secretSet' | 'secretDelete'>
  readonly now: () => number
  readonly renew: () => Promise<void>
}

export function canaryHandlers(options: CanaryHandlersOptions): CanaryHandlers {
  const { canaries, acts, renew } = options
  return {
    canaryList: () => listed(canaries, new Map()),
    canaryCheck: () => listed(canaries, canaries.check()),
    async canaryPlant(wanted, caller) {
      const name = nameOf(wanted)
      canaries.book().checkRoom(wanted.kind, name)
      const asked = {
        ...{ credential: caller.credential, namespace: 'config', verb: 'write', resource: 'canary' },
        ...{ risk: 'medium' as const, input: { kind: wanted.kind, name } },
      }
      const { value } = await acts.act(asked, 'policy', async () => {
        const made = await plant(options, { ...wanted, name }, caller)
        await canaries.add(made.canary)
        return made
      })
      await renew()
      return {
        canary: answerOf(canaries, value.canary, []),
        ...(value.token === undefined ? {} : { value: value.token }),
      }
    },
    async canaryRemove({ name, reason }, caller) {
      const asked = {
        ...{ credential: caller.credential, namespace: 'config', verb: 'write', resource: 'canary' },
        ...{ risk: 'high' as const, input: { remove: name ?? 'all' } },
        ...(reason === undefined ? {} : { reason }),
      }
      const { value } = await acts.act(asked, 'policy', () => removed(options, name, caller))
      await renew()
      return value
    },
  }
}

async function plant(
  { secrets, now }: CanaryHandlersOptions,
  { kind, name, mode }: Wanted & { readonly name: string },
  caller: Credential,
): Promise<{ canary: Canary; token?: string }> {
  const bare = { id: newCanaryId(), kind, name, plantedAt: now() }
  if (kind === 'file' || kind === 'credential') {
    const text = kind === 'file' ? privateNotes(randomBytes) : cloudCredentials(randomBytes)
    return { canary: { ...bare, ...plantFile(name, text, mode ?? (kind === 'file' ? 0o444 : 0o600)) } }
  }
  const token = bearerToken(randomBytes)
  if (kind === 'token') return { canary: { ...bare, digest: sha256(token), value: token }, token }
  if (kind === 'secret') {
    await secrets.secretSet({ name, value: Buffer.from(token).toString('base64') }, caller)
  }
  return { canary: { ...bare, digest: sha256(kind === 'secret' ? token : name) } }
}

async function removed(
  { canaries, secrets }: CanaryHandlersOptions,
  name: string | undefined,
  caller: Credential,
) {
  if (name === undefined && canaries.problem !== undefined) {
    await canaries.reset()
    return { removed: [], left: [] }
  }
  const book = canaries.book()
  const which = name === undefined ? [...book.list()] : [book.find(name)]
  const left: string[] = []
  for (const canary of which) {
    await canaries.remove(canary) // first, so that taking it away is not a use of it
    if (canary.file !== undefined && !removeFile(canary)) left.push(canary.name)
    if (canary.kind !== 'secret') continue
    try {
      await secrets.secretDelete({ name: canary.name }, caller)
    } catch (error) {
      if (!(error instanceof KnownError)) throw error
      left.push(canary.name) // a store that is shut gives nothing away, and lets nothing be deleted
    }
  }
  return { removed: which.map((each) => each.name), left }
}

/** @throws CanaryError `CANARY_INVALID` */
function nameOf({ kind, name }: Wanted): string {
  if (kind === 'file' || kind === 'credential') {
    if (name !== undefined && isAbsolute(name) && !name.includes('\0')) return normalize(name)
    throw canaryError(
      'CANARY_INVALID',
      `a ${kind} needs an absolute path`,
      'give the path where it shall lie',
    )
  }
  if (kind === 'dns') return (name ?? hostName(randomBytes)).toLowerCase()
  if (kind === 'token') return name ?? `token-${newCanaryId()}`
  if (name !== undefined) return name
  throw canaryError('CANARY_INVALID', `a ${kind} needs a name`, 'give one that somebody would look for')
}

function listed(canaries: Canaries, traces: ReadonlyMap<string, readonly string[]>) {
  const { problem } = canaries
  return {
    canaries: canaries.list().map((each) => answerOf(canaries, each, traces.get(each.id) ?? [])),
    most: MOST_CANARIES,
    ...(problem === undefined ? {} : { problem }),
  }
}

function answerOf(canaries: Canaries, canary: Canary, traces: readonly string[]): CanaryAnswer {
  const { id, kind, name, plantedAt } = canary
  return {
    ...{ id, kind, name, plantedAt: new Date(plantedAt).toISOString() },
    ...{ watched: canaries.watchedBy(canary), traces: [...traces] },
  }
}
