/**
 * What the firewall remembers on disk. A change under way is one file, and whoever renames it first decides about it:
 * the confirmation turns it into what is confirmed, the watch over its time turns it into what is taken back.
 * A rename happens or does not, so both can never win, and neither needs a lock that could be left behind.
 */
import { appendFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, systemCode } from '../../core/error.ts'
import { isCidrBlock, isPort, type CidrBlock, type Port } from '../../core/safe/network.ts'
import {
  ensurePrivateDirectory,
  readPrivateFile,
  syncDirectory,
  writeFileAtomic,
} from '../../platform/files.ts'
import { refuse } from './errors.ts'
import type { Block, Opening } from './model.ts'

const Id = z.string().regex(/^[0-9A-Za-z-]{4,64}$/)
const ChangeShape = z.strictObject({
  id: Id,
  /** Epoch milliseconds. */
  begun: z.number(),
  /** Of the boot it was made in: a reboot took it back already. */
  boot: z.string(),
  windowMs: z.number(),
  /** The table as it was before; null: there was none. */
  before: z.string().nullable(),
  /** The rules that were put in force, one line each, for a comparison with what is wanted later. */
  wanted: z.array(z.string()),
  /** The whole batch, to be put in force again after a boot. */
  batch: z.unknown(),
})
export type Change = z.infer<typeof ChangeShape>

const WatchShape = z.strictObject({ pid: z.int(), dueMs: z.number() })
export type Watch = z.infer<typeof WatchShape>

const LinesShape = z.array(z.string())
const OpeningShape = z.strictObject({
  id: Id,
  transport: z.enum(['tcp', 'udp']),
  port: z.custom<Port>(isPort),
  from: z.custom<CidrBlock>(isCidrBlock),
  reason: z.string(),
  since: z.number(),
  until: z.number(),
})

const BlockShape = z.strictObject({
  id: Id,
  address: z.custom<CidrBlock>(isCidrBlock),
  reason: z.string(),
  since: z.number(),
  until: z.number(),
})

const MOST_BYTES = 128 * 1024 * 1024
const PENDING = /^pending-([0-9A-Za-z-]+)\.json$/
const UNDOING = /^undoing-([0-9A-Za-z-]+)\.json$/
const OPENING = /^opening-([0-9A-Za-z-]+)\.json$/
const BLOCK = /^block-([0-9A-Za-z-]+)\.json$/

export class FirewallState {
  readonly #directory: string

  /** @throws FileError `FILE_UNSAFE` when others could write there */
  constructor(directory: string) {
    ensurePrivateDirectory(directory)
    this.#directory = directory
  }

  pending(): Change | undefined {
    return this.#one(PENDING)
  }

  /** A way back that was begun and not finished. */
  undoing(): Change | undefined {
    return this.#one(UNDOING)
  }

  confirmed(): Change | undefined {
    return this.#read('confirmed.json', ChangeShape)
  }

  /** @throws FirewallError `FIREWALL_PENDING` when another change is under way, also one begun at this moment */
  begin(change: Change): void {
    this.#write(`pending-${change.id}.json`, change)
    if (this.#names(PENDING).length === 1 && this.#names(UNDOING).length === 0) return
    this.#drop(`pending-${change.id}.json`)
    refuse(
      'FIREWALL_PENDING',
      'another change of the firewall is under way',
      'confirm it or take it back first: warder firewall status',
    )
  }

  /** @returns false when its time was over first */
  confirm(id: string): boolean {
    return this.#move(`pending-${id}.json`, 'confirmed.json')
  }

  /** @returns false when it was confirmed first, or somebody else takes it back */
  beginUndo(id: string): boolean {
    return this.#move(`pending-${id}.json`, `undoing-${id}.json`)
  }

  /** Forgets a change that is over, whichever way it went. */
  finish(id: string): void {
    for (const kind of ['pending', 'undoing', 'watch', 'lines']) this.#drop(`${kind}-${id}.json`)
  }

  finishWatch(id: string): void {
    this.#drop(`watch-${id}.json`)
  }

  forgetConfirmed(): void {
    const id = this.confirmed()?.id
    this.#drop('confirmed.json')
    if (id !== undefined) this.#drop(`lines-${id}.json`)
  }

  watch(id: string): Watch | undefined {
    return this.#read(`watch-${id}.json`, WatchShape)
  }

  setWatch(id: string, watch: Watch): void {
    this.#write(`watch-${id}.json`, watch)
  }

  /** What stood in the kernel right after the change, for finding what a hand changed since. */
  lines(id: string): readonly string[] | undefined {
    return this.#read(`lines-${id}.json`, LinesShape)
  }

  setLines(id: string, lines: readonly string[]): void {
    this.#write(`lines-${id}.json`, lines)
  }

  /** A file each, so that two that are made at the same moment do not lose each other. */
  openings(): Opening[] {
    const read = (name: string) => this.#read(name, OpeningShape)
    return this.#names(OPENING).flatMap((name) => read(name) ?? [])
  }

  addOpening(opening: Opening): void {
    this.#write(`opening-${opening.id}.json`, opening)
  }

  dropOpening(id: string): void {
    this.#drop(`opening-${id}.json`)
  }

  /** Likewise. */
  blocks(): Block[] {
    const read = (name: string) => this.#read(name, BlockShape)
    return this.#names(BLOCK).flatMap((name) => read(name) ?? [])
  }

  addBlock(block: Block): void {
    this.#write(`block-${block.id}.json`, block)
  }

  dropBlock(id: string): void {
    this.#drop(`block-${id}.json`)
  }

  /** One line for each act, kept also while no daemon runs that could record it. */
  note(line: Readonly<Record<string, string | number>>): void {
    appendFileSync(join(this.#directory, 'acts.jsonl'), `${JSON.stringify(line)}\n`, { mode: 0o600 })
  }

  #one(pattern: RegExp): Change | undefined {
    const [name] = this.#names(pattern)
    return name === undefined ? undefined : this.#read(name, ChangeShape)
  }

  #names(pattern: RegExp): string[] {
    return readdirSync(this.#directory)
      .filter((name) => pattern.test(name))
      .sort()
  }

  #read<T>(name: string, shape: z.ZodType<T>): T | undefined {
    const path = join(this.#directory, name)
    const bytes = readPrivateFile(path, MOST_BYTES)
    if (bytes === undefined) return undefined
    try {
      return shape.parse(JSON.parse(bytes.toString('utf8')))
    } catch (cause) {
      return refuse(
        'FIREWALL_STATE',
        `${path} does not hold what Warder wrote: ${messageOf(cause).split('\n')[0]}`,
        'look at it; to begin anew move it away and run: sudo warder firewall remove',
        { where: path },
      )
    }
  }

  #write(name: string, value: unknown): void {
    writeFileAtomic(join(this.#directory, name), `${JSON.stringify(value)}\n`)
  }

  #move(from: string, to: string): boolean {
    try {
      renameSync(join(this.#directory, from), join(this.#directory, to))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false
      throw error
    }
    syncDirectory(this.#directory)
    return true
  }

  #drop(name: string): void {
    rmSync(join(this.#directory, name), { force: true })
  }
}
