import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, realpathSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import {
  ensurePrivateDirectory,
  readPrivateFile,
  readSmallFile,
  writeFileAtomic,
} from '../../platform/files.ts'
import { unreadable } from './errors.ts'
import { HARNESSES, type HarnessName } from './harness.ts'

const Shape = z.strictObject({
  version: z.literal(1),
  harness: z.string(),
  path: z.string(),
  /** The whole file as it was, base64; null when there was none. */
  before: z.string().nullable(),
  /** SHA-256 hex of the file as we left it. */
  after: z.string(),
  made: z.array(z.array(z.string())),
  /** Directories that were made for it, the innermost last. */
  directories: z.array(z.string()),
})

/** What was done to one settings file, and what it was before. */
export type SettingsRecord<N extends string> = z.infer<typeof Shape> & { readonly harness: N }
export type SetupRecord = SettingsRecord<HarnessName>

/** What is set up, and for whom: hooks of harnesses, MCP servers of clients. Each has its own folder of records. */
export interface RecordKind<N extends string> {
  readonly folder: string
  readonly isName: (name: string) => name is N
}

const HOOKS: RecordKind<HarnessName> = { folder: 'setup', isName: isHarness }

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function recordPath({ folder }: RecordKind<string>, state: string, path: string): string {
  return join(state, folder, `${sha256(path).slice(0, 32)}.json`)
}

export function readRecord(state: string, path: string): SetupRecord | undefined {
  return readRecordOf(HOOKS, state, path)
}

export function readRecordOf<N extends string>(
  kind: RecordKind<N>,
  state: string,
  path: string,
): SettingsRecord<N> | undefined {
  return parsed(kind, recordPath(kind, state, path))
}

/** Every file that was set up. */
export function records(state: string): readonly SetupRecord[] {
  return recordsOf(HOOKS, state)
}

export function recordsOf<N extends string>(
  kind: RecordKind<N>,
  state: string,
): readonly SettingsRecord<N>[] {
  const folder = join(state, kind.folder)
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.flatMap((name) => parsed(kind, join(folder, name)) ?? [])
}

function parsed<N extends string>({ isName }: RecordKind<N>, path: string): SettingsRecord<N> | undefined {
  const text = readPrivateFile(path, 4 * 1024 * 1024)?.toString()
  if (text === undefined) return undefined
  const { harness, ...rest } = Shape.parse(JSON.parse(text))
  if (!isName(harness)) throw unreadable(path, new Error(`${harness} is nobody whose settings are changed`))
  return { ...rest, harness }
}

/** Writes the settings, the record first: what is changed can always be taken back. Links are followed, modes kept. */
export function writeSettings(
  state: string,
  record: Omit<SetupRecord, 'version' | 'after' | 'directories'>,
  text: string,
  read: string | undefined,
): void {
  writeSettingsOf(HOOKS, state, { record, text, read })
}

interface Writing<N extends string> {
  readonly record: Omit<SettingsRecord<N>, 'version' | 'after' | 'directories'>
  readonly text: string
  /** What was there when the change was made; undefined when there was no file. */
  readonly read: string | undefined
}

export function writeSettingsOf<N extends string>(
  kind: RecordKind<N>,
  state: string,
  { record, text, read }: Writing<N>,
): void {
  ensurePrivateDirectory(state)
  ensurePrivateDirectory(join(state, kind.folder))
  const known = readRecordOf(kind, state, record.path)
  const directories = known?.directories ?? missingAbove(record.path)
  mkdirSync(dirname(record.path), { recursive: true })
  const whole = { version: 1, ...record, after: sha256(text), directories }
  writeFileAtomic(recordPath(kind, state, record.path), `${JSON.stringify(whole)}\n`)
  // somebody may have changed it while the difference was shown
  if (readText(record.path) !== read)
    throw unreadable(record.path, new Error('it was changed meanwhile, try again'))
  replace(record.path, text)
}

export function readText(path: string): string | undefined {
  const bytes = readSmallFile(path)
  if (bytes === undefined) return undefined
  const text = bytes.toString('utf8')
  // what is not text would not come back as it was
  if (!Buffer.from(text).equals(bytes)) throw unreadable(path, new Error('it is not UTF-8'))
  return text
}

function replace(path: string, text: string): void {
  const isThere = existsSync(path)
  const real = isThere ? realpathSync(path) : path
  writeFileAtomic(real, text, isThere ? statSync(real).mode & 0o777 : 0o644)
}

/**
 * Takes it back: byte for byte when nothing was changed since, else as `without` says.
 *
 * @returns what was done
 */
export function restore(
  state: string,
  record: SetupRecord,
  without: (text: string) => string,
): 'restored' | 'removed' | 'gone' {
  return restoreOf(HOOKS, state, record, without)
}

export function restoreOf<N extends string>(
  kind: RecordKind<N>,
  state: string,
  record: SettingsRecord<N>,
  without: (text: string) => string,
): 'restored' | 'removed' | 'gone' {
  const text = readText(record.path)
  const isUntouched = text !== undefined && sha256(text) === record.after
  if (isUntouched && record.before === null) {
    rmSync(record.path)
    for (const directory of record.directories.toReversed()) removeEmpty(directory)
  } else if (isUntouched) replace(record.path, Buffer.from(record.before ?? '', 'base64').toString())
  else if (text !== undefined) replace(record.path, without(text))
  rmSync(recordPath(kind, state, record.path), { force: true })
  return text === undefined ? 'gone' : isUntouched ? 'restored' : 'removed'
}

function removeEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length === 0) rmdirSync(directory)
}

function missingAbove(path: string): string[] {
  const directory = dirname(path)
  return existsSync(directory) ? [] : [...missingAbove(directory), directory]
}

export function isHarness(name: string): name is HarnessName {
  return (HARNESSES as readonly string[]).includes(name)
}
