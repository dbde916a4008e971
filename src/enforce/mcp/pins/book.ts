import { altered, beyond, McpPinError, MCP_PIN_ERRORS } from './errors.ts'
import { MOST_DEFINITIONS, pinnable, type Pinnable, type PinKind } from './pin.ts'
import { charactersOf, full, hasRoom, isLarge } from './room.ts'
import type { Pin, PinDocument, PinStore } from './store.ts'
import {
  digestOfWaiting,
  secondOf,
  whatWaits,
  type Offered,
  type PinAnswer,
  type Waiting,
} from './waiting.ts'

/** What happened, for the record. `book` is the number of the book's change. */
export interface PinNote {
  readonly what: 'pinned' | 'trusted' | 'reset' | 'refused'
  readonly server: string
  readonly book: number
  readonly count: number
  readonly by: string
  readonly waiting?: Waiting
}

export interface Comparison {
  readonly isFirst: boolean
  readonly waiting: readonly Waiting[]
  /** Pinned, and no longer defined. */
  readonly removed: readonly string[]
}

export interface PinBookOptions {
  readonly store: PinStore
  /** The highest number of a change the record knows of: a book with less was put back, or taken away. */
  readonly known: () => number
  readonly note: (note: PinNote) => void
  readonly now: () => number
}

export interface PinSummary {
  readonly server: string
  readonly pins: readonly Pin[]
  readonly waiting: readonly Waiting[]
  /** Of everything that waits; {@link PinBook.trust} wants it, so that nobody trusts what he did not look at. */
  readonly digest: string
}

interface Pending {
  readonly waiting: Waiting
  readonly pinnable: Pinnable
  readonly labels: readonly string[]
}

interface Kept extends Pending {
  readonly characters: number
}

type Server = PinDocument['servers'][number]
const MOST_SERVERS = 500
const MOST_PAGES = 200
/** How long a first listing may go on. */
const LISTING_MS = 60_000

/**
 * What every MCP server defined when it was first approved. The same is good; what has changed, or came later, is not
 * until the owner says so. A book that is not as we left it is no book: then everything is refused.
 */
export class PinBook {
  readonly #options: PinBookOptions
  readonly #pending = new Map<string, Map<string, Kept>>()
  /** First listings that go on. */
  readonly #open = new Map<string, { readonly pages: number; readonly since: number }>()

  constructor(options: PinBookOptions) {
    this.#options = options
  }

  /**
   * @param isMore whether the server has more pages: only then may what comes next be new
   * @returns an answer for each, in order
   * @throws McpPinError `MCP_PINS_ALTERED`, `MCP_PINS_LIMIT`; then none of them is good
   */
  approve(
    server: string,
    kind: PinKind,
    offered: readonly Offered[],
    { agent, isMore = false }: { readonly agent: string; readonly isMore?: boolean },
  ): readonly PinAnswer[] {
    const all = offered.map((each) => ({ ...each, is: pinnable(kind, each.name, each.definition) }))
    const document = this.#read()
    const known = document.servers.find(({ name }) => name === server)
    const isListing = this.#isListing(server, kind, known)
    const names = new Set<string>()
    const fresh: Pin[] = []
    const answers = all.map(({ is, seen }) => {
      const twice = names.has(is.name)
      names.add(is.name)
      const pinned = known?.pins.find((pin) => pin.kind === kind && pin.name === is.name)
      const waiting = twice ? secondOf(is) : whatWaits(is, seen, pinned, isListing)
      if (waiting !== undefined)
        return this.#refuse(server, { waiting, pinnable: is, labels: seen.labels }, document)
      this.#settle(server, is)
      if (pinned === undefined) fresh.push(this.#pin(is, seen.labels, 'first', agent))
      return { isGood: true } as const
    })
    this.#afterPage(server, kind, isListing && isMore)
    // from the first page on: a server that never says it is done must not stay new for ever
    const begins = known?.listed.includes(kind) !== true
    if (fresh.length > 0 || begins) this.#add(document, server, fresh, begins ? kind : undefined, agent)
    return answers
  }

  /** What would be said of a whole listing; pins nothing and keeps nothing. */
  compare(server: string, kind: PinKind, offered: readonly Offered[]): Comparison {
    const known = this.#read().servers.find(({ name }) => name === server)
    const pins = known?.pins.filter((pin) => pin.kind === kind) ?? []
    const isFirst = known?.listed.includes(kind) !== true
    const waiting = offered.flatMap(({ name, definition, seen }) => {
      const pinned = pins.find((pin) => pin.name === name)
      return whatWaits(pinnable(kind, name, definition), seen, pinned, isFirst) ?? []
    })
    const names = new Set(offered.map(({ name }) => name))
    return { isFirst, waiting, removed: pins.filter(({ name }) => !names.has(name)).map(({ name }) => name) }
  }

  list(): readonly PinSummary[] {
    const { servers } = this.#read()
    const names = new Set([...servers.map(({ name }) => name), ...this.#pending.keys()])
    return [...names].toSorted().map((server) => this.#summary(server, servers))
  }

  /** @throws McpPinError `MCP_PINS_UNKNOWN` */
  show(server: string): PinSummary {
    const found = this.list().find((each) => each.server === server)
    if (found !== undefined) return found
    throw new McpPinError(MCP_PIN_ERRORS, 'MCP_PINS_UNKNOWN', {
      what: `nothing of an MCP server ${server} is pinned, and nothing waits`,
      fix: 'look at: warder mcp pins list',
    })
  }

  /**
   * Pins what waits.
   *
   * @param digest of what was looked at
   * @throws McpPinError `MCP_PINS_UNKNOWN`, `MCP_PINS_STALE`
   */
  trust(server: string, digest: string, by: string): PinSummary {
    const { digest: now, waiting } = this.show(server)
    if (now !== digest || waiting.length === 0) {
      throw new McpPinError(MCP_PIN_ERRORS, 'MCP_PINS_STALE', {
        what:
          waiting.length === 0
            ? `nothing of ${server} waits to be trusted`
            : `what waits of ${server} is not what was looked at`,
        fix: `look again: warder mcp pins diff ${server}`,
      })
    }
    const pending = [...(this.#pending.get(server)?.values() ?? [])]
    const pins = pending.map(({ pinnable: is, labels }) => this.#pin(is, labels, 'trusted', by))
    this.#add(this.#read(), server, pins, undefined, by, 'trusted')
    this.#pending.delete(server)
    return this.show(server)
  }

  /** Forgets a server: what it defines next is pinned as if never seen. @throws McpPinError `MCP_PINS_UNKNOWN` */
  reset(server: string, by: string): void {
    const { pins } = this.show(server)
    const document = this.#read()
    this.#pending.delete(server)
    this.#forgetListings(server)
    this.#write(
      { ...document, servers: document.servers.filter(({ name }) => name !== server) },
      { what: 'reset', server, count: pins.length, by },
    )
  }

  /** Forgets every server, also when the book is not ours any more. */
  resetAll(by: string): void {
    this.#pending.clear()
    this.#open.clear()
    const seq = this.#options.known()
    this.#write({ v: 1, seq, servers: [] }, { what: 'reset', server: '*', count: 0, by })
  }

  #read(): PinDocument {
    const document = this.#options.store.read() ?? { v: 1 as const, seq: 0, servers: [] }
    const known = this.#options.known()
    if (document.seq < known)
      throw altered(
        document.seq === 0
          ? 'they are gone'
          : `they end at change ${document.seq}, and the record knows of ${known}`,
      )
    return document
  }

  #isListing(server: string, kind: PinKind, known: Server | undefined): boolean {
    if (known?.listed.includes(kind) !== true) return true
    const open = this.#open.get(`${kind} ${server}`)
    return open !== undefined && this.#options.now() - open.since < LISTING_MS
  }

  #afterPage(server: string, kind: PinKind, goesOn: boolean): void {
    const key = `${kind} ${server}`
    const { pages, since } = this.#open.get(key) ?? { pages: 0, since: this.#options.now() }
    if (pages >= MOST_PAGES) throw beyond(`${server} lists its ${kind}s on more than ${MOST_PAGES} pages`)
    if (goesOn) this.#open.set(key, { pages: pages + 1, since })
    else this.#open.delete(key)
  }

  #forgetListings(server: string): void {
    for (const key of this.#open.keys())
      if (key.slice(key.indexOf(' ') + 1) === server) this.#open.delete(key)
  }

  #pin(is: Pinnable, labels: readonly string[], how: Pin['how'], by: string): Pin {
    const { kind, name, definition, digest } = is
    const risk = labels.length > 0 ? 'medium' : 'low'
    return {
      kind,
      name,
      digest,
      definition: definition as Pin['definition'],
      labels: [...labels],
      how,
      by,
      at: this.#options.now(),
      risk,
    }
  }

  #refuse(server: string, pending: Pending, { seq }: PinDocument): PinAnswer {
    const { waiting } = pending
    const all = this.#pending.get(server) ?? new Map<string, Kept>()
    const key = `${waiting.kind} ${waiting.name}`
    const before = all.get(key)?.waiting.digest
    if (before === undefined && !hasRoom([...all.values()])) return full(server)
    all.set(key, { ...pending, characters: charactersOf(pending.pinnable) })
    this.#pending.set(server, all)
    // which of two is meant nobody can say: there is nothing to trust
    if (waiting.rule === 'mcp.pin.twice') all.delete(key)
    // one line on record for one thing that waits, however often it is offered
    if (before !== waiting.digest)
      this.#options.note({ what: 'refused', server, book: seq, count: 1, by: 'warder', waiting })
    const fix = `look at it: warder mcp pins diff ${server}; if it is as it should be: warder mcp pins trust ${server}`
    return { isGood: false, rule: waiting.rule, reason: waiting.reason, fix }
  }

  #settle(server: string, { kind, name }: Pinnable): void {
    this.#pending.get(server)?.delete(`${kind} ${name}`)
  }

  #add(
    document: PinDocument,
    server: string,
    pins: readonly Pin[],
    listed: PinKind | undefined,
    by: string,
    what: 'pinned' | 'trusted' = 'pinned',
  ): void {
    const known = document.servers.find(({ name }) => name === server) ?? {
      name: server,
      listed: [],
      pins: [],
    }
    const replaced = new Set(pins.map(({ kind, name }) => `${kind} ${name}`))
    const kept = known.pins.filter(({ kind, name }) => !replaced.has(`${kind} ${name}`))
    const all = [...kept, ...pins]
    if (all.length > MOST_DEFINITIONS || isLarge(all))
      throw beyond(`${server} defines more than ${MOST_DEFINITIONS} things, or larger ones than are kept`)
    const servers = document.servers.filter(({ name }) => name !== server)
    if (servers.length >= MOST_SERVERS) throw beyond(`there are more than ${MOST_SERVERS} servers`)
    const now = {
      name: server,
      pins: all,
      listed: [...known.listed, ...(listed === undefined ? [] : [listed])],
    }
    this.#write({ ...document, servers: [...servers, now] }, { what, server, count: pins.length, by })
  }

  #write(document: PinDocument, note: Omit<PinNote, 'book'>): void {
    const book = document.seq + 1
    this.#options.store.write({ ...document, seq: book })
    this.#options.note({ ...note, book })
  }

  #summary(server: string, servers: PinDocument['servers']): PinSummary {
    const pins = servers.find(({ name }) => name === server)?.pins ?? []
    const waiting = [...(this.#pending.get(server)?.values() ?? [])].map((each) => each.waiting)
    return { server, pins, waiting, digest: digestOfWaiting(waiting) }
  }
}
