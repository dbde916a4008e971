import type { ParsedInputOf } from '../../api/endpoints.ts'
import type { SecretAnswer } from '../../api/secrets.ts'
import type { Json } from '../../core/canonical.ts'
import { parseDurationMs } from '../../core/quantity.ts'
import {
  dueAt,
  programHooks,
  rotate,
  SecretsError,
  stateOf,
  type SecretRecord,
  type Terms,
} from '../../enforce/secrets/index.ts'
import type { SecretValue } from '../../platform/secret-value.ts'
import { base64Of, heldOf, secretActs, type SecretHandlerOptions } from '../secrets-act.ts'
import type { SecretsRoom } from '../secrets-room.ts'
import type { Handlers } from './app.ts'
import { secretStoreHandlers } from './secrets-store.ts'

/** The owner's secrets. No agent calls any of these; an agent's way to use one is the way out of its sandbox. */
export function secretHandlers(options: SecretHandlerOptions) {
  return { ...valueHandlers(options), ...rotateHandlers(options), ...secretStoreHandlers(options) }
}

type ValueNames = 'secretSet' | 'secretBind' | 'secretRead' | 'secretList' | 'secretDelete'

function valueHandlers(options: SecretHandlerOptions): Pick<Handlers, ValueNames> {
  const { room, now } = options
  const act = secretActs(options)
  const answer = (record: SecretRecord) => secretAnswer(record, now())
  return {
    async secretSet({ name, value, store, entry, ...terms }, { credential }) {
      using held = heldOf(value)
      // where nobody said where a value goes, the setting does; what is there stays where it is
      const place = store ?? room.list().find((each) => each.name === name)?.store ?? room.defaultStore
      const what = { store: place, entry: entry ?? null, ...plainTerms(terms), hasValue: held !== undefined }
      const risk = termsLoosen(terms) ? 'high' : 'medium'
      const done = await act(
        credential,
        { verb: 'set', name, risk, input: what, fresh: termsLoosen(terms) },
        () => room.book().set(name, { ...termsOf(terms), store: place, entry: entry ?? null }, held),
      )
      return { secret: answer(done.value), ...done.entry }
    },
    async secretBind({ name, enabled, reason, ...terms }, { credential }) {
      const input = { ...plainTerms(terms), enabled: enabled ?? null }
      const why = reason === undefined ? {} : { reason }
      const fresh = enabled === true || termsLoosen(terms)
      const done = await act(credential, { verb: 'set', name, risk: 'high', input, fresh, ...why }, () => {
        const record = room.book().bind(name, termsOf(terms))
        if (enabled === undefined) return record
        return room.book().disable(name, enabled ? undefined : (reason ?? 'its owner said so'))
      })
      return { secret: answer(done.value), ...done.entry }
    },
    async secretRead({ name, reveal, reason }, { credential }) {
      const risk = reveal ? 'high' : 'low'
      const why = reason === undefined ? {} : { reason }
      const done = await act(
        credential,
        { verb: 'read', name, risk, input: { reveal }, fresh: reveal, ...why },
        async () => {
          using value = await room.book().value(name)
          return {
            secret: answer(room.book().find(name)),
            fingerprint: fingerprintOf(room, value),
            sizeBytes: value.sizeBytes,
            ...(reveal ? { value: base64Of(value) } : {}),
          }
        },
      )
      return { ...done.value, ...done.entry }
    },
    secretList() {
      return {
        secrets: room.list().map(answer),
        locked: room.isLocked,
        isProtected: room.isProtected,
        problems: room.problems(),
      }
    },
    async secretDelete({ name }, { credential }) {
      const done = await act(credential, { verb: 'delete', name, risk: 'high', input: {}, fresh: true }, () =>
        room.book().delete(name),
      )
      return { secret: answer(done.value), ...done.entry }
    },
  }
}

function rotateHandlers(options: SecretHandlerOptions): Pick<Handlers, 'secretRotate'> {
  const { room, now } = options
  const act = secretActs(options)
  return {
    async secretRotate({ name, step, value }, { credential }) {
      using held = heldOf(value)
      const input = { step, hasValue: held !== undefined }
      const done = await act(credential, { verb: 'rotate', name, risk: 'medium', input }, () =>
        rotated(room, name, step, held),
      )
      const { record, steps } = done.value
      return { secret: secretAnswer(record, now()), steps: [...steps], ...done.entry }
    },
  }
}

type Step = ParsedInputOf<'secretRotate'>['step']
type Rotated = { readonly record: SecretRecord; readonly steps: readonly string[] }

async function rotated(
  room: SecretsRoom,
  name: string,
  step: Step,
  value: SecretValue | undefined,
): Promise<Rotated> {
  const book = room.book()
  if (step === 'verified')
    return { record: await book.drop(name, 'previous'), steps: ['forget the old value'] }
  if (step === 'back') return { record: await book.restore(name), steps: ['back to the old value'] }
  if (step === 'abort')
    return { record: await book.drop(name, 'candidate'), steps: ['give the new value up'] }
  const { hook, store } = book.find(name)
  if (value !== undefined) {
    return { record: await book.set(name, {}, value), steps: ['swap'] }
  }
  if (hook !== null) return await rotate(book, name, programHooks(hook, name, room.programEnvironment()))
  if (store === 'environment' || store === 'command') {
    using there = await book.value(name) // it must be there
    void there
    return { record: book.renewed(name), steps: ['noted that it was changed where it is kept'] }
  }
  throw new SecretsError(
    'SECRET_STATE',
    `no program is named that makes a new value for ${name}, and no value was given`,
    `make one where it is from and give it: warder secret rotate ${name} (it asks), or name a program: warder secret bind ${name} --hook PROGRAM`,
  )
}

/** Keyed, so that a guess cannot be tried against it elsewhere. */
export function fingerprintOf(room: SecretsRoom, value: SecretValue): string {
  return value
    .use((bytes) => room.vault().mac('fingerprint', Buffer.from(bytes).toString('base64')))
    .toString('hex')
    .slice(0, 12)
}

type GivenTerms = Omit<ParsedInputOf<'secretSet'>, 'name' | 'value' | 'store' | 'entry'>

/** What lets more out than before: more hosts, more agents, plain HTTP, a program that is handed the value. */
function termsLoosen({ hosts, principals, plainHttp, hook }: GivenTerms): boolean {
  return (
    (hosts?.length ?? 0) > 0 || (principals?.length ?? 0) > 0 || plainHttp === true || (hook ?? '') !== ''
  )
}

export function termsOf(given: GivenTerms): Terms {
  const { hosts, principals, places, uses, plainHttp, signingKeyId, rotateAfter, hook, automatic, source } =
    given
  return {
    ...(hosts === undefined ? {} : { hosts: hosts.map((host) => host.toLowerCase()) }),
    ...(principals === undefined ? {} : { principals }),
    ...(places === undefined ? {} : { places }),
    ...(uses === undefined ? {} : { uses: uses === 0 ? null : uses }),
    ...(plainHttp === undefined ? {} : { plainHttp }),
    ...(signingKeyId === undefined ? {} : { signingKeyId: signingKeyId === '' ? null : signingKeyId }),
    ...(rotateAfter === undefined ? {} : { rotateAfterMs: parseDurationMs(rotateAfter) }),
    ...(hook === undefined ? {} : { hook: hook === '' ? null : hook }),
    ...(automatic === undefined ? {} : { isAutomatic: automatic }),
    ...(source === undefined ? {} : { source: source === '' ? null : source }),
  }
}

function plainTerms(terms: GivenTerms): { readonly [key: string]: Json } {
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined)) as {
    [key: string]: Json
  }
}

export function secretAnswer(record: SecretRecord, now: number): SecretAnswer {
  const iso = (ms: number): string => new Date(ms).toISOString()
  const { name, store, version, createdAt, updatedAt, current, hosts, principals, places, plainHttp } = record
  const { uses, signingKeyId, hook, entry, source, disabled } = record
  return {
    ...{ name, store, version, plainHttp, state: stateOf(record, now) },
    ...{ createdAt: iso(createdAt), updatedAt: iso(updatedAt) },
    ...{ valueSince: iso(current.at), dueAt: iso(dueAt(record)) },
    ...{ hosts: [...hosts], principals: [...principals], places: [...places] },
    ...{ automatic: record.isAutomatic, hasPrevious: record.previous !== null },
    ...(uses === null ? {} : { uses }),
    ...(signingKeyId === null ? {} : { signingKeyId }),
    ...(hook === null ? {} : { hook }),
    ...(entry === null ? {} : { entry }),
    ...(source === null ? {} : { source }),
    ...(disabled === null ? {} : { disabled: { at: iso(disabled.at), why: disabled.why } }),
  }
}
