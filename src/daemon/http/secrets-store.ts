import { createHmac } from 'node:crypto'
import {
  checkPaths,
  fernetKey,
  findLeaks,
  fixPaths,
  readDotEnv,
  readFernetFile,
  sealBootFile,
  secretNameOf,
  secretsOf,
  SecretsError,
  type Imported,
  type LeakPorts,
} from '../../enforce/secrets/index.ts'
import type { SecretValue } from '../../platform/secret-value.ts'
import type { Credential } from '../../gate/index.ts'
import type { SecretsRoom } from '../secrets-room.ts'
import type { ParsedInputOf } from '../../api/endpoints.ts'
import type { Handlers } from './app.ts'
import { secretActs, type SecretActs, type SecretHandlerOptions } from '../secrets-act.ts'

type Names =
  | 'secretImport'
  | 'secretLeaks'
  | 'secretPaths'
  | 'secretUnlock'
  | 'secretLock'
  | 'secretProtect'
  | 'secretSeal'

/** What concerns the store as a whole. */
export function secretStoreHandlers(options: SecretHandlerOptions): Pick<Handlers, Names> {
  const act = secretActs(options)
  return { ...importHandlers(options, act), ...checkHandlers(options, act), ...keyHandlers(options, act) }
}

function importHandlers({ room }: SecretHandlerOptions, act: SecretActs): Pick<Handlers, 'secretImport'> {
  return {
    async secretImport(input, { credential }) {
      const found = foundIn(input)
      try {
        const taken = new Set(room.list().map(({ name }) => name))
        const plans = found.map(({ name: from, value }) => ({ from, value, name: secretNameOf(from) }))
        const [good, bad] = [plans.filter(({ name }) => name !== ''), plans.filter(({ name }) => name === '')]
        const imported = good.map(({ from, name }) => ({ from, name, new: !taken.has(name) }))
        const skipped = bad.map(({ from }) => ({ from, why: 'its name cannot become the name of a secret' }))
        if (!input.dryRun) for (const plan of good) await keep(room, act, credential, plan, input.store)
        return { imported, skipped }
      } finally {
        for (const { value } of found) value.close()
      }
    },
  }
}

async function keep(
  room: SecretsRoom,
  act: SecretActs,
  credential: Credential,
  { from, name, value }: { from: string; name: string; value: SecretValue },
  store: ParsedInputOf<'secretImport'>['store'],
): Promise<void> {
  const asked = { verb: 'set', name, risk: 'medium', input: { importedFrom: from } } as const
  const place = store ?? room.list().find((each) => each.name === name)?.store ?? room.defaultStore
  await act(credential, asked, () => room.book().set(name, { store: place }, value))
}

function foundIn({ format, text, key, all }: ParsedInputOf<'secretImport'>): Imported[] {
  const source = Buffer.from(text, 'base64').toString('utf8')
  if (format === 'env') return secretsOf(readDotEnv(source), all)
  if (key === undefined)
    throw new SecretsError(
      'IMPORT_INVALID',
      'a file of Fernet tokens needs its key',
      'name the key file: --key FILE',
    )
  const bytes = fernetKey(Buffer.from(key, 'base64').toString('latin1'))
  try {
    return readFernetFile(source, bytes)
  } finally {
    bytes.fill(0)
  }
}

function checkHandlers(
  { room, scan, home, now }: SecretHandlerOptions,
  act: SecretActs,
): Pick<Handlers, 'secretLeaks' | 'secretPaths'> {
  return {
    async *secretLeaks({ project }, { credential, signal }) {
      const known = await knownValues(room)
      try {
        await act(
          credential,
          { verb: 'read', name: 'store/check', risk: 'medium', input: { check: true } },
          () => undefined,
        )
        const ports: LeakPorts = {
          scan,
          known: (bytes) => namesIn(known, bytes),
          tag: (text) => tagOf(room, text),
          now,
        }
        const places = project === undefined ? { home } : { home, project }
        for await (const { line, ...leak } of findLeaks(places, ports)) {
          if (signal.aborted) return
          yield { ...leak, ...(line === undefined ? {} : { line }) }
        }
      } finally {
        for (const { value } of known) value.close()
      }
    },
    async secretPaths({ fix }, { credential }) {
      const findings = await checkPaths(room.places())
      const asked = { verb: 'set', name: 'store/modes', risk: 'medium', input: { fix: true } } as const
      const mended = fix ? (await act(credential, asked, () => fixPaths(findings))).value : []
      const fixed = new Set(mended.map(({ path }) => path))
      return {
        findings: findings.map(({ path, why, mode }) => ({
          path,
          why,
          fixable: mode !== undefined,
          fixed: fixed.has(path),
        })),
      }
    },
  }
}

interface Known {
  readonly name: string
  readonly value: SecretValue
}

/** A shorter one stands in many texts by chance. */
const SHORTEST_KNOWN_BYTES = 8

/** The values themselves, where they can be had: a value of no known shape is found too. */
async function knownValues(room: SecretsRoom): Promise<Known[]> {
  const known: Known[] = []
  for (const { name, store } of room.list()) {
    if (store !== 'file' && store !== 'keyring') continue // others might ask a person, or run a program
    const value = await room
      .book()
      .value(name)
      .catch(() => undefined)
    if (value === undefined) continue
    if (value.sizeBytes >= SHORTEST_KNOWN_BYTES) known.push({ name, value })
    else value.close()
  }
  return known
}

function namesIn(known: readonly Known[], bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return known
    .filter(({ value }) =>
      value.use((secret) => text.includes(Buffer.from(secret.buffer, secret.byteOffset, secret.length))),
    )
    .map(({ name }) => name)
}

function tagOf(room: SecretsRoom, text: string): string {
  const mac = room.isThere ? room.vault().mac('fingerprint', text) : createHmac('sha256', text).digest()
  return mac.toString('hex').slice(0, 8)
}

function keyHandlers(
  { room, people }: SecretHandlerOptions,
  act: SecretActs,
): Pick<Handlers, 'secretUnlock' | 'secretLock' | 'secretProtect' | 'secretSeal'> {
  const unlock = (credential: Credential, passphrase: string): Promise<void> => {
    const who = people.identify(credential as Parameters<typeof people.identify>[0]).id
    return people.onRecord({ who, action: 'secret:unlock' }, 'all', () => {
      const { lockout } = people.rooms()
      lockout.begin('secrets')
      wiped(passphrase, (bytes) => room.unlock(bytes))
      lockout.succeeded('secrets')
    })
  }
  return {
    async secretUnlock({ passphrase }, { credential }) {
      await unlock(credential, passphrase)
      return { locked: room.isLocked }
    },
    async secretLock(_input, { credential }) {
      // no question to the gate: what closes a door waits for nobody's yes
      const who = people.identify(credential as Parameters<typeof people.identify>[0]).id
      await people.onRecord({ who, action: 'secret:lock' }, 'all', () => room.vault().lock())
      return { locked: room.isLocked }
    },
    async secretProtect({ passphrase, old }, { credential }) {
      if (room.isThere && room.vault().needsPassphrase) await unlock(credential, old ?? '')
      const asked = {
        verb: 'set',
        name: 'store/passphrase',
        risk: 'high',
        input: { protect: passphrase !== undefined },
        fresh: true,
      } as const
      await act(credential, asked, () =>
        passphrase === undefined
          ? room.vault().protect(undefined)
          : wiped(fit(passphrase), (bytes) => room.vault().protect(bytes)),
      )
      return { protected: passphrase !== undefined }
    },
    async secretSeal({ names, key }, { credential }) {
      const asked = {
        verb: 'read',
        name: 'store/passphrase',
        risk: 'high',
        input: { seal: [...names] },
        fresh: true,
      } as const
      const { value } = await act(credential, asked, async () => {
        const values: Known[] = []
        try {
          for (const name of names) values.push({ name, value: await room.book().value(name) })
          return sealBootFile(values, Buffer.from(key, 'base64'))
        } finally {
          for (const each of values) each.value.close()
        }
      })
      return { file: value, secrets: names.length }
    },
  }
}

function wiped<T>(text: string, work: (bytes: Uint8Array) => T): T {
  const bytes = Buffer.from(text.normalize('NFC'))
  try {
    return work(bytes)
  } finally {
    bytes.fill(0)
  }
}

function fit(passphrase: string): string {
  const length = Array.from(passphrase.normalize('NFC')).length
  if (length >= 8 && length <= 256) return passphrase
  throw new SecretsError(
    'SECRET_INVALID',
    'a passphrase has 8 to 256 characters',
    'take a few words nobody would guess',
  )
}
