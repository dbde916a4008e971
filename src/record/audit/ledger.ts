import { systemClock } from '../../platform/clock.ts'
import { messageOf } from '../../core/error.ts'
import { ensurePrivateDirectory } from '../../platform/files.ts'
import { archiveMonth, type ArchiveRequest } from './archive.ts'
import { originOf, type Checkpoint } from './checkpoint.ts'
import { Checkpointer } from './checkpointer.ts'
import { checkEvent, createStamp, type AuditEvent, type Details, type Entry } from './entry.ts'
import { Finder } from './find.ts'
import type { Manifest } from './manifest.ts'
import type { Filter } from './query.ts'
import { AppendQueue, unwritable } from './queue.ts'
import { recover } from './recover.ts'
import { recorded } from './record.ts'
import type { LedgerHealth, LedgerOptions } from './options.ts'
import { startWriter, type WriterThread } from './thread.ts'
import type { Head } from './writer.ts'
import type { ThreadNews } from './writer.thread.ts'

const PROBE_MS = 1000
const FOLLOW_PAGE = 256

/**
 * Opens the ledger for writing: takes its lock, checks it against its newest checkpoints, and records that it was opened.
 *
 * @throws AuditError `AUDIT_LOCKED`, `AUDIT_TRUNCATED`, `AUDIT_TAMPERED`, `AUDIT_UNREADABLE`, `AUDIT_UNWRITABLE`;
 * FileError `FILE_UNSAFE`
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  ensurePrivateDirectory(options.directory)
  const wire: { ledger?: Ledger } = {}
  const thread = await startWriter(
    { directory: options.directory, maxSegmentBytes: options.maxSegmentBytes ?? 256 * 1024 * 1024 },
    (news) => wire.ledger?.hear(news),
    (why) => wire.ledger?.die(why),
  )
  try {
    const origin = originOf(options.hostId)
    const { covered, notices } = recover({
      directory: options.directory,
      origin,
      keys: [options.signer.publicKey, ...(options.trustedKeys ?? [])],
      witnessPath: options.witnessPath,
      head: thread.head,
    })
    wire.ledger = new Ledger(options, thread, covered, notices)
    await wire.ledger.begin()
    return wire.ledger
  } catch (error) {
    await (wire.ledger?.close() ?? thread.close())
    throw error
  }
}

/** The ledger, open for writing. One per directory. */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #thread: WriterThread
  readonly #queue: AppendQueue
  readonly #checkpointer: Checkpointer
  readonly #finder: Finder
  readonly #stamp: (event: AuditEvent) => ReturnType<ReturnType<typeof createStamp>>
  readonly #notices: string[]
  #head: Head
  #indexed = 0
  #indexTrouble = ''
  #failure: { readonly why: string; readonly since: number; refused: number } | undefined
  #probe: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined
  #rebuilt: PromiseWithResolvers<void> | undefined
  #wakeFollowers = Promise.withResolvers<void>()

  /** Use {@link openLedger}. */
  constructor(
    options: LedgerOptions,
    thread: WriterThread,
    covered: Checkpoint | undefined,
    notices: string[],
  ) {
    this.#options = options
    this.#thread = thread
    this.#head = thread.head
    this.#notices = notices
    this.#stamp = createStamp(() => (options.clock ?? systemClock).now())
    const send = (text: string) => thread.send({ kind: 'append', text })
    this.#queue = new AppendQueue(send, options.queueBound ?? 8192)
    this.#finder = new Finder(options.directory)
    this.#checkpointer = new Checkpointer(
      {
        directory: options.directory,
        origin: originOf(options.hostId),
        signer: options.signer,
        witnessPath: options.witnessPath,
        everyEntries: options.checkpointEntries ?? 1000,
        everyMs: options.checkpointMs ?? 10_000,
      },
      thread.head,
      covered,
    )
  }

  /** Signs what is unsigned, records the opening, and signs that: from here on, entries are never without a checkpoint. */
  async begin(): Promise<void> {
    if (this.#head.seq > 0) await this.#checkpointer.now()
    await this.#note('ledger:opened', 'the ledger was opened', { notices: this.#notices.join('; ') })
    await this.#checkpointer.now()
    await this.#checkpointer.renewWitness()
  }

  /**
   * Records an event. Resolves when the entry is on the disk, to stay.
   *
   * @throws AuditError `AUDIT_UNWRITABLE`: it is not recorded, so what it was to record must not happen; `AUDIT_INVALID`
   */
  append(event: AuditEvent): Promise<Entry> {
    try {
      checkEvent(event)
      if (this.#closing !== undefined) throw unwritable('it is closed')
      return this.#queue.append(recorded(this.#stamp(event), this.#options.redact))
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  head(): Head {
    return this.#head
  }

  /** Entries with `seq` above `after`, oldest first, at most `limit`. */
  read(after: number, limit: number): Entry[] {
    return this.#finder.read(after, limit)
  }

  /** @throws AuditError `AUDIT_INVALID` */
  query(filter: Filter): Entry[] {
    return this.#finder.query(filter)
  }

  /** By number, id, or the start of an id. @throws AuditError `AUDIT_MISSING`, `AUDIT_AMBIGUOUS` */
  get(idOrSeq: string | number): Entry {
    return this.#finder.get(idOrSeq)
  }

  /** Every entry above `after`, in order, also those yet to come; ends with `signal` or the ledger. */
  async *follow(after: number, signal?: AbortSignal): AsyncGenerator<Entry, void, undefined> {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>()
    signal?.addEventListener('abort', () => abort(), { once: true })
    const isOver = () => signal?.aborted === true || this.#closing !== undefined
    for (let at = after; !isOver();) {
      const woken = this.#wakeFollowers.promise
      const page = this.#head.seq > at ? this.read(at, FOLLOW_PAGE) : []
      for (const entry of page) {
        if (isOver()) return
        yield entry
        at = entry.seq
      }
      if (page.length === 0) await Promise.race([woken, aborted])
    }
  }

  /** Signs the present head now. @throws AuditError `AUDIT_UNWRITABLE` when the checkpoint cannot be stored */
  async checkpoint(): Promise<Checkpoint> {
    try {
      return await this.#checkpointer.now()
    } catch (error) {
      throw unwritable(messageOf(error))
    }
  }

  /** Throws the query index away and fills it again from the log, in quiet moments; resolves when it is whole. */
  reindex(): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(unwritable('it is closed'))
    this.#thread.send({ kind: 'reindex' })
    this.#rebuilt ??= Promise.withResolvers<void>()
    return this.#rebuilt.promise
  }

  /** Archives the ended segments of a month, encrypted; see {@link ArchiveRequest}. Records what it did. */
  async archive(request: ArchiveRequest): Promise<Manifest> {
    const { directory, hostId, signer, clock = systemClock } = this.#options
    const manifest = await archiveMonth(directory, request, {
      origin: originOf(hostId),
      signer,
      now: clock.now(),
    })
    this.#finder.close() // it may hold a segment that is gone now
    await this.#note('ledger:archived', `the segments of ${manifest.month} were archived`, {
      archive: manifest.archive,
      archive_sha256: manifest.archive_sha256,
      first_seq: manifest.segments[0]!.first_seq,
      last_seq: manifest.segments.at(-1)!.last_seq,
      removed: request.remove === true,
    })
    return manifest
  }

  health(): LedgerHealth {
    const dead = this.#closing === undefined ? '' : 'the ledger is closed'
    const why = this.#failure?.why ?? dead
    const index = this.#indexTrouble === '' ? [] : [`the query index is not filled: ${this.#indexTrouble}`]
    return {
      ok: why === '',
      why,
      degraded: [...this.#checkpointer.troubles, ...index, ...this.#notices],
      head: this.#head,
      checkpointed: this.#checkpointer.last?.seq ?? 0,
      indexed: this.#indexed,
      waiting: this.#queue.underWay + this.#queue.waiting,
    }
  }

  /** Writes what was sent, signs it, and lets go of the lock. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** For the thread: what it tells. */
  hear(news: ThreadNews): void {
    if (news.kind === 'ack') this.#acknowledged(news)
    else if (news.kind === 'refused') this.#refused(news)
    else if (news.kind === 'rotated') this.#checkpointer.segmentEnded(news.closed)
    else if (news.kind === 'indexed') {
      this.#indexed = news.seq
      this.#indexTrouble = news.trouble
      if (news.isRebuilt) {
        this.#rebuilt?.resolve()
        this.#rebuilt = undefined
      }
    }
  }

  /** For the thread: it is gone, and nothing can be written any more. */
  die(why: string): void {
    this.#failure = { why, since: Date.now(), refused: 0 }
    clearTimeout(this.#probe)
    this.#queue.close(why)
  }

  #acknowledged(news: ThreadNews & { kind: 'ack' }): void {
    this.#head = { seq: news.first + news.count - 1, hash: news.hashes.slice(-64) }
    const { refused = 0, why = '' } = this.#failure ?? {}
    this.#failure = undefined
    clearTimeout(this.#probe)
    this.#queue.acknowledge(news)
    this.#checkpointer.advanceTo(this.#head)
    this.#wakeFollowers.resolve()
    this.#wakeFollowers = Promise.withResolvers()
    if (why !== '') this.#noteRecovery(refused, why)
  }

  #refused(news: ThreadNews & { kind: 'refused' }): void {
    this.#failure ??= { why: news.why, since: Date.now(), refused: 0 }
    this.#failure.refused += news.count
    this.#queue.refuse(news)
    // whoever looks at health first and appends nothing while it is bad would never learn that it is good again
    clearTimeout(this.#probe)
    if (this.#closing !== undefined) return
    this.#probe = setTimeout(() => {
      this.#note('ledger:probe', 'writing was tried again after a failure', {}).catch(() => undefined)
    }, PROBE_MS).unref()
  }

  #noteRecovery(refused: number, why: string): void {
    const details = { refused, why }
    this.#note('ledger:recovered', 'writing works again', details).catch(() => undefined) // health tells
  }

  #note(action: string, reason: string, details: Details): Promise<Entry> {
    const event = { event_type: 'system', agent: 'warder', action, reason, details } as const
    return this.append({ ...event, result: 'success', risk_level: 'low' })
  }

  async #close(): Promise<void> {
    clearTimeout(this.#probe)
    await this.#queue.drained()
    await this.#checkpointer.close()
    await this.#thread.close()
    this.#queue.close('it is closed')
    this.#finder.close()
    this.#rebuilt?.resolve()
    this.#wakeFollowers.resolve()
  }
}
