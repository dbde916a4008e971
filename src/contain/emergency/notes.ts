import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../core/error.ts'
import {
  ensurePrivateDirectory,
  readPrivateFile,
  syncDirectory,
  writeFileAtomic,
} from '../../platform/files.ts'
import { emergencyError } from './errors.ts'

/** Where the lock and the notes of a wipe stand: the one thing of the state that a wipe leaves. */
export function emergencyDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'emergency')
}

const LockShape = z.strictObject({
  v: z.literal(1),
  since: z.iso.datetime(),
  by: z.string().max(64),
  reason: z.string().max(2000),
  /** Whether the ledger has it. */
  recorded: z.boolean(),
})
export type EmergencyLock = Readonly<z.infer<typeof LockShape>>

/** The lock in force. One that cannot be read is in force: what cannot be understood is not open. */
export function readLock(stateDirectory: string): EmergencyLock | undefined {
  try {
    const bytes = readPrivateFile(lockPath(stateDirectory))
    return bytes === undefined ? undefined : LockShape.parse(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    const reason = `its file cannot be read: ${messageOf(error)}`
    return { v: 1, since: new Date(0).toISOString(), by: 'warder', reason, recorded: true }
  }
}

/** Durable when it returns. */
export function writeLock(stateDirectory: string, lock: Omit<EmergencyLock, 'v'>): void {
  makeDirectory(stateDirectory)
  writeFileAtomic(lockPath(stateDirectory), `${JSON.stringify({ v: 1, ...lock })}\n`)
}

/** @throws EmergencyError `EMERGENCY_NOT_LOCKED` */
export function removeLock(stateDirectory: string): void {
  if (readLock(stateDirectory) === undefined)
    throw emergencyError('EMERGENCY_NOT_LOCKED', 'no emergency lock is in force', 'there is nothing to lift')
  rmSync(lockPath(stateDirectory))
  syncDirectory(emergencyDirectory(stateDirectory))
}

const StepShape = z.strictObject({
  name: z.string().max(64),
  level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  about: z.string().max(500),
  state: z.enum(['waiting', 'done', 'failed']),
  why: z.string().max(4000).optional(),
})
const WipeShape = z.strictObject({
  v: z.literal(1),
  id: z.string().max(64),
  level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  status: z.enum(['running', 'done', 'incomplete', 'refused']),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  reason: z.string().max(2000),
  /** The entry of the ledger that said so before anything was destroyed. */
  entry: z.int().optional(),
  steps: z.array(StepShape).max(64),
})
export type WipeNotes = Readonly<z.infer<typeof WipeShape>>

/** @returns undefined when nothing was ever wiped here @throws EmergencyError `EMERGENCY_STATE` */
export function readWipe(stateDirectory: string): WipeNotes | undefined {
  try {
    const bytes = readPrivateFile(wipePath(stateDirectory))
    return bytes === undefined ? undefined : WipeShape.parse(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    throw emergencyError(
      'EMERGENCY_STATE',
      `the notes of the last wipe cannot be read: ${messageOf(cause)}`,
      `look at ${wipePath(stateDirectory)}; then wipe again with the level that is wanted`,
      cause,
    )
  }
}

/** Durable when it returns. */
export function writeWipe(stateDirectory: string, notes: WipeNotes): void {
  makeDirectory(stateDirectory)
  writeFileAtomic(wipePath(stateDirectory), `${JSON.stringify(notes, null, 1)}\n`)
}

/** A signed text that stays when everything else is gone, and says what was done. */
export function writeRecord(stateDirectory: string, text: string): void {
  makeDirectory(stateDirectory)
  writeFileAtomic(recordPath(stateDirectory), text)
}

export function recordPath(stateDirectory: string): string {
  return join(emergencyDirectory(stateDirectory), 'wipe-record.json')
}

/** Where what was shown in sessions of people lies, and notes of them that no daemon could take. */
export function sessionsDirectory(stateDirectory: string): string {
  return join(emergencyDirectory(stateDirectory), 'sessions')
}

export function sessionNotesPath(stateDirectory: string): string {
  return join(sessionsDirectory(stateDirectory), 'notes.jsonl')
}

function lockPath(stateDirectory: string): string {
  return join(emergencyDirectory(stateDirectory), 'lock.json')
}

function wipePath(stateDirectory: string): string {
  return join(emergencyDirectory(stateDirectory), 'wipe.json')
}

function makeDirectory(stateDirectory: string): void {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
  ensurePrivateDirectory(emergencyDirectory(stateDirectory))
}
