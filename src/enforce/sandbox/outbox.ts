import { createHash } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  readSync,
  renameSync,
} from 'node:fs'
import { openSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf } from '../../core/error.ts'
import { isSafePath, SafeRoot } from '../../platform/safe-path.ts'
import { SandboxError } from './errors.ts'
import { PROTECTED_NAMES } from './profile.ts'
import { specDigest, type SandboxSpec } from './spec.ts'

/** One result of a task. */
export interface OutboxFile {
  /** Below the outbox, with slashes. */
  readonly name: string
  readonly sizeBytes: number
  /** 64 hex digits. */
  readonly sha256: string
}

/** What came out of a task, in the order of the names. */
export interface OutboxManifest {
  readonly version: 1
  readonly totalBytes: number
  readonly files: readonly OutboxFile[]
}

/** Why nothing came out. */
export interface OutboxRefusal {
  readonly name: string
  readonly why: string
}

export type OutboxResult =
  | { readonly taken: true; readonly folder: string; readonly manifest: OutboxManifest }
  | { readonly taken: false; readonly refused: readonly OutboxRefusal[] }

export interface OutboxLimits {
  /** Of all files together. */
  readonly totalBytes: number
  readonly files: number
}

/**
 * Looks at one file before anybody else does. It is a copy of ours already: nobody changes it any more.
 *
 * @param copy absolute path of the copy
 * @returns why it must not come out, or undefined
 */
export type OutboxScan = (file: OutboxFile, copy: string) => Promise<string | undefined>

export interface OutboxRequest {
  /** The folder in the sandbox, trusted up to its own name and in nothing below; nobody may still write in it. */
  readonly from: string
  /** Where the results will stand; nothing may stand there yet. */
  readonly to: string
  readonly limits: OutboxLimits
  readonly scan: OutboxScan
  /** Whom the results belong to; needs root. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

const DEPTH = 16
const MODE = { file: 0o644, folder: 0o755, private: 0o700 } as const
const SET_ID = 0o6000
const CHUNK_BYTES = 256 * 1024
export const MANIFEST_NAME = 'manifest.json'
export const FILES_NAME = 'files'

/**
 * Takes a task's results out of its outbox: all of them or none. Only regular files with one name come out, without
 * any right to be run; each is copied through a descriptor, counted, hashed and handed to the scan; then `to` appears
 * in one step, with the files under `files/` and their list in `manifest.json`.
 *
 * @throws SandboxError `SANDBOX_FAILED` when the machine refuses; then nothing stands at `to`
 */
export async function collectOutbox(request: OutboxRequest): Promise<OutboxResult> {
  const { to, scan, owner } = request
  if (existsSync(to)) throw failed(`${to} is there already`)
  const staging = stage(to)
  try {
    const seen = copyAll(request, join(staging, FILES_NAME))
    if ('refused' in seen) return { taken: false, refused: seen.refused }
    const refused = await scanAll(seen.files, staging, scan)
    if (refused.length > 0) return { taken: false, refused }
    const totalBytes = seen.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const manifest: OutboxManifest = { version: 1, totalBytes, files: seen.files }
    writeNew(join(staging, MANIFEST_NAME), Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`))
    if (owner !== undefined) giveAll(staging, seen, owner)
    appear(staging, to)
    return { taken: true, folder: to, manifest }
  } catch (error) {
    throw error instanceof SandboxError ? error : failed(messageOf(error), error)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** Beside the target, so that it can be moved there in one step; closed to everybody until then. */
function stage(to: string): string {
  try {
    const staging = mkdtempSync(join(dirname(to), `.${basename(to)}.`))
    mkdirSync(join(staging, FILES_NAME), { mode: MODE.private })
    return staging
  } catch (cause) {
    throw failed(`nothing can be made in ${dirname(to)}: ${messageOf(cause)}`, cause)
  }
}

interface Seen {
  readonly files: OutboxFile[]
  readonly folders: string[]
}

/** Everything wrong is told at once, up to the first limit that is passed. */
function copyAll(
  { from, limits }: OutboxRequest,
  target: string,
): Seen | { readonly refused: readonly OutboxRefusal[] } {
  using root = SafeRoot.open(from)
  const seen: Seen = { files: [], folders: [] }
  const refused: OutboxRefusal[] = []
  let leftBytes = limits.totalBytes
  const visit = (folder: string): void => {
    for (const { name, kind } of root.list(folder, limits.files * 2 + DEPTH)) {
      const path = folder === '.' ? name : `${folder}/${name}`
      const why = whyNot(path, kind)
      if (why !== undefined) refused.push({ name: path, why })
      else if (kind === 'directory') {
        mkdirSync(join(target, path), { mode: MODE.folder })
        seen.folders.push(path)
        visit(path)
      } else if (seen.files.length >= limits.files)
        throw new TooMuch(`it holds more than ${limits.files} files`)
      else {
        const file = attempt(path, refused, () => copyOne(root, path, join(target, path), leftBytes))
        leftBytes -= file?.sizeBytes ?? 0
        if (file !== undefined) seen.files.push(file)
      }
    }
  }
  attempt('.', refused, () => visit('.'))
  return refused.length > 0 ? { refused } : seen
}

/** A limit of the outbox as a whole: there is no use in looking further. */
class TooMuch extends Error {}

/** What cannot be opened or copied is refused under its name; a limit ends everything. */
function attempt<T>(path: string, refused: OutboxRefusal[], work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof TooMuch && path !== '.') throw error
    refused.push({ name: path, why: messageOf(error) })
    return undefined
  }
}

function whyNot(path: string, kind: string): string | undefined {
  if (!isSafePath(path) || path.includes('\uFFFD')) return 'its name cannot be carried over'
  if (path.split('/').length > DEPTH) return `it lies deeper than ${DEPTH} folders`
  const trigger = PROTECTED_NAMES.find((name) => isNamed(path, name.replace(/\/$/, '')))
  if (trigger !== undefined) return `programs of the host act on ${trigger}`
  return kind === 'file' || kind === 'directory' ? undefined : `it is a ${kind}, and only files come out`
}

/** At any depth, and however a file system that knows no case spells it. */
function isNamed(path: string, name: string): boolean {
  return `/${path.toLowerCase()}/`.includes(`/${name.toLowerCase()}/`)
}

function copyOne(root: SafeRoot, path: string, target: string, mostBytes: number): OutboxFile {
  if ((root.stat(path).mode & SET_ID) !== 0) throw new Error('it would run as its owner or group')
  const source = root.openFile(path)
  try {
    const copy = openSync(target, 'wx', MODE.file)
    try {
      return { name: path, ...pour(source, copy, mostBytes) }
    } finally {
      closeSync(copy)
    }
  } finally {
    closeSync(source)
  }
}

/** Counted as it is read, not as its size is told. */
function pour(source: number, copy: number, mostBytes: number): Omit<OutboxFile, 'name'> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  let sizeBytes = 0
  for (;;) {
    const read = readSync(source, buffer, 0, buffer.length, null)
    if (read === 0) break
    sizeBytes += read
    if (sizeBytes > mostBytes) throw new TooMuch('it holds more bytes than allowed')
    const chunk = buffer.subarray(0, read)
    hash.update(chunk)
    writeAll(copy, chunk)
  }
  fsyncSync(copy)
  return { sizeBytes, sha256: hash.digest('hex') }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}

function writeNew(path: string, bytes: Buffer): void {
  const fd = openSync(path, 'wx', MODE.file)
  try {
    writeAll(fd, bytes)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** A scan that cannot tell is no consent. */
async function scanAll(
  files: readonly OutboxFile[],
  staging: string,
  scan: OutboxScan,
): Promise<OutboxRefusal[]> {
  const refused: OutboxRefusal[] = []
  for (const file of files) {
    try {
      const why = await scan(file, join(staging, FILES_NAME, file.name))
      if (why !== undefined) refused.push({ name: file.name, why })
    } catch (error) {
      refused.push({ name: file.name, why: `it could not be scanned: ${messageOf(error)}` })
    }
  }
  return refused
}

function giveAll(
  staging: string,
  { files, folders }: Seen,
  { uid, gid }: { uid: number; gid: number },
): void {
  const inside = [...folders, ...files.map(({ name }) => name)].map((name) => join(FILES_NAME, name))
  for (const path of [...inside, FILES_NAME, MANIFEST_NAME, '.']) chownSync(join(staging, path), uid, gid)
}

/** On Linux a folder replaces an empty one; whatever else came to stand there stays, and the results do not come out. */
function appear(staging: string, to: string): void {
  renameSync(staging, to)
  const parent = openSync(dirname(to), 'r')
  try {
    fsyncSync(parent)
  } finally {
    closeSync(parent)
  }
}

function failed(why: string, cause?: unknown): SandboxError {
  return new SandboxError(
    'SANDBOX_FAILED',
    `the results of the task could not be taken out: ${why}`,
    'name a new folder in a directory Warder may write in',
    { cause },
  )
}

/**
 * The spec with an outbox: a place in memory of a fixed size, so that a task can write no more than that, and nothing
 * of it on a disk.
 */
export function withOutbox(spec: SandboxSpec, path: string, sizeBytes: number): SandboxSpec {
  const mount = { type: 'memory', path, sizeBytes, mode: 0o700, why: 'outbox' } as const
  const mounts = [...spec.mounts, mount]
  const wider = { ...spec, mounts }
  return { ...wider, digest: specDigest(wider) }
}
