import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { messageOf, systemCode } from '../../core/error.ts'
import { ensurePrivateDirectory } from '../../platform/files.ts'
import { SandboxError } from './errors.ts'
import { FILES_NAME, MANIFEST_NAME, type OutboxManifest } from './outbox.ts'

/** Results of one task that wait for the owner. */
export interface Delivery {
  readonly runId: string
  readonly agent: string
  /** Epoch milliseconds. */
  readonly deliveredAt: number
  readonly manifest: OutboxManifest
}

const RECEIPT_NAME = 'receipt.json'

const receiptSchema = z.strictObject({ runId: z.string(), agent: z.string(), deliveredAt: z.number() })
const manifestSchema = z.strictObject({
  version: z.literal(1),
  totalBytes: z.number(),
  files: z.array(z.strictObject({ name: z.string(), sizeBytes: z.number(), sha256: z.string() })),
})

/** What tasks have left in their outboxes and nobody has taken yet: a folder for each run, below one of ours. */
export class Deliveries {
  readonly #directory: string

  /** @param directory ours alone; made when it is not there */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Where the results of a run are put; nothing stands there yet. */
  placeFor(runId: string): string {
    ensurePrivateDirectory(this.#directory)
    return join(this.#directory, plain(runId))
  }

  /** Once they are there: whose they are. */
  keep(runId: string, agent: string, deliveredAt: number): void {
    const receipt = JSON.stringify({ runId, agent, deliveredAt })
    writeFileSync(join(this.placeFor(runId), RECEIPT_NAME), receipt, { mode: 0o600, flag: 'wx' })
  }

  /** Oldest first. */
  list(agent?: string): Delivery[] {
    return this.#names()
      .flatMap((name) => this.#read(name) ?? [])
      .filter((each) => agent === undefined || each.agent === agent)
      .toSorted((a, b) => a.deliveredAt - b.deliveredAt)
  }

  /** @throws SandboxError `SANDBOX_OUTBOX_EMPTY`; with several and no run named, the oldest is meant */
  find(agent: string, runId?: string): Delivery {
    const found = this.list(agent).find((each) => runId === undefined || each.runId === runId)
    if (found !== undefined) return found
    throw new SandboxError(
      'SANDBOX_OUTBOX_EMPTY',
      `nothing of ${agent} waits in an outbox${runId === undefined ? '' : ` for run ${runId}`}`,
      'see what waits: warder outbox list',
    )
  }

  /**
   * Gives the files to their owner: all of them, as they were scanned, in a new folder that appears in one step.
   *
   * @throws SandboxError `SANDBOX_FAILED`; then nothing stands at `to`, and everything still waits
   */
  take({ runId, manifest }: Delivery, to: string): void {
    if (existsSync(to)) throw failed(`${to} is there already`)
    const from = join(this.#directory, plain(runId))
    let staging: string | undefined
    try {
      staging = mkdtempSync(join(dirname(to), `.${basename(to)}.`))
      for (const file of manifest.files)
        copyExactly(join(from, FILES_NAME, file.name), join(staging, file.name), file)
      renameSync(staging, to)
    } catch (error) {
      if (staging !== undefined) rmSync(staging, { recursive: true, force: true })
      throw error instanceof SandboxError ? error : failed(messageOf(error), error)
    }
    this.drop(runId)
  }

  drop(runId: string): void {
    rmSync(join(this.#directory, plain(runId)), { recursive: true, force: true })
  }

  #names(): string[] {
    try {
      return readdirSync(this.#directory).filter((name) => !name.startsWith('.'))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return []
      throw error
    }
  }

  /** Undefined for what a daemon that was killed has left half done: without a receipt it was never delivered. */
  #read(name: string): Delivery | undefined {
    const at = join(this.#directory, name)
    const receipt = parsed(join(at, RECEIPT_NAME), receiptSchema)
    const manifest = parsed(join(at, MANIFEST_NAME), manifestSchema)
    return receipt?.runId !== name || manifest === undefined ? undefined : { ...receipt, manifest }
  }
}

function parsed<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** A run's number names a folder of ours, and nothing beside it. */
function plain(runId: string): string {
  if (/^[A-Za-z0-9-]{1,64}$/.test(runId)) return runId
  throw failed(`${JSON.stringify(runId)} is no run`)
}

const CHUNK_BYTES = 256 * 1024

/** What was scanned is what is given: a file that is another by now ends it. */
function copyExactly(from: string, to: string, { name, sha256 }: OutboxManifest['files'][number]): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 })
  const hash = createHash('sha256')
  const source = openSync(from, 'r')
  try {
    if (!statSync(from).isFile()) throw failed(`${name} is no file any more`)
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    writeFileSync(to, '', { mode: 0o644, flag: 'wx' })
    for (let read = readSync(source, chunk); read > 0; read = readSync(source, chunk)) {
      hash.update(chunk.subarray(0, read))
      writeFileSync(to, chunk.subarray(0, read), { flag: 'a' })
    }
  } finally {
    closeSync(source)
  }
  if (hash.digest('hex') !== sha256) throw failed(`${name} is not what was scanned`)
}

function failed(why: string, cause?: unknown): SandboxError {
  return new SandboxError(
    'SANDBOX_FAILED',
    `the results were not taken: ${why}`,
    'name a new folder in a directory you may write in',
    { cause },
  )
}
