import { messageOf } from '../../core/error.ts'
import type { CaseClass } from '../../core/incident.ts'
import type { EventOf, IncidentEvent } from './event.ts'
import { after } from './fold.ts'
import type { Incident } from './incident.ts'
import { unwritable } from './refusals.ts'
import type { IncidentStore } from './store.ts'
import { textOf } from './text.ts'

export interface JournalOptions {
  readonly store: IncidentStore
  readonly now: () => number
  /** A book longer than this is written anew (16 MiB). */
  readonly rewriteBytes?: number
  /** Told of what happened, once it is on the disk, or could not be brought there and holds all the same. */
  readonly told?: ((event: IncidentEvent, incident: Incident, number: number) => void) | undefined
}

/** More are forgotten, the oldest resolved ones first; what is not resolved is never forgotten. */
const MOST_KEPT = 1000
const REWRITE_BYTES = 16 * 1024 * 1024
/** Events that could not be written are held so long, and no more of them. */
const MOST_UNWRITTEN = 10_000

/** The incidents as the events on the disk make them. */
export class Journal {
  readonly incidents = new Map<string, Incident>()
  /** How many there ever were; the next one's number. */
  made = 0
  readonly #options: JournalOptions
  /** The newest incident of a key. */
  readonly #byKey = new Map<string, string>()
  readonly #unwritten: IncidentEvent[] = []
  #problem: string | undefined

  /** @param recall told of each report that was written before this start */
  constructor(options: JournalOptions, recall: (kind: CaseClass, at: number, times: number) => void) {
    this.#options = options
    const { store } = options
    for (const event of store.events) {
      this.#apply(event)
      if (event.what === 'kept')
        for (const each of event.incidents) recall(each.class, each.lastAt, each.count)
      else this.#recall(event, recall)
    }
    if (store.problem === undefined) return
    this.#problem = `the book of incidents is not what was written: ${store.problem}`
    this.#rewrite() // what can be believed goes on in a book that is whole
  }

  problem(): string | undefined {
    const waiting = this.#unwritten.length
    return waiting > 0
      ? `${waiting} events of incidents could not be written; they are held in memory`
      : this.#problem
  }

  newestOf(about: { readonly class?: CaseClass; readonly key: string }): Incident | undefined {
    return this.incidents.get(this.#byKey.get(keyOf(about)) ?? '')
  }

  /** What makes things stricter happens whether or not it can be written. */
  write(events: readonly IncidentEvent[]): void {
    try {
      this.writeFirmly(events)
    } catch {
      this.#unwritten.push(...events)
      this.#unwritten.splice(0, Math.max(0, this.#unwritten.length - MOST_UNWRITTEN))
      this.#happened(events)
    }
  }

  /** @throws IncidentError `INCIDENTS_UNTRUSTED`; then nothing has happened */
  writeFirmly(events: readonly IncidentEvent[]): void {
    const all = [...this.#unwritten, ...events]
    if (all.length === 0) return
    try {
      this.#options.store.append(all)
    } catch (cause) {
      throw unwritable(messageOf(cause), cause)
    }
    this.#unwritten.length = 0
    this.#happened(events)
  }

  /** Tries again what could not be written, forgets what is long over, and shortens a book that has grown. */
  tidy(): void {
    if (this.#unwritten.length > 0) this.write([])
    const isForgotten = this.#forget()
    if (isForgotten || this.#options.store.sizeBytes > (this.#options.rewriteBytes ?? REWRITE_BYTES))
      this.#rewrite()
  }

  close(): void {
    this.#options.store.close()
  }

  #happened(events: readonly IncidentEvent[]): void {
    const { told, store } = this.#options
    for (const event of events) this.#apply(event)
    for (const event of events) {
      const incident = event.what === 'kept' ? undefined : this.incidents.get(event.id)
      if (incident !== undefined) told?.(event, incident, store.last)
    }
  }

  #apply(event: IncidentEvent): void {
    if (event.what === 'kept') return this.#begin(event)
    const next = after(this.incidents.get(event.id), event)
    if (next === undefined) return
    this.incidents.set(event.id, next)
    if (event.what !== 'opened') return
    this.#byKey.set(keyOf(event), event.id)
    this.made = Math.max(this.made, Number(event.id.split('-').at(-1)) || 0)
  }

  #recall(
    event: Exclude<IncidentEvent, EventOf<'kept'>>,
    recall: (kind: CaseClass, at: number, times: number) => void,
  ): void {
    const kind = this.incidents.get(event.id)?.class
    if (kind === undefined) return
    if (event.what === 'opened') recall(kind, event.at, 1)
    if (event.what === 'again') recall(kind, event.at, event.times)
  }

  #begin({ incidents, number }: EventOf<'kept'>): void {
    this.incidents.clear()
    this.made = number
    for (const incident of incidents.toSorted((a, b) => a.openedAt - b.openedAt)) {
      this.incidents.set(incident.id, whole(incident))
      this.#byKey.set(keyOf(incident), incident.id)
    }
  }

  #forget(): boolean {
    const over = this.incidents.size - MOST_KEPT
    if (over <= 0) return false
    const old = [...this.incidents.values()]
      .filter(({ state }) => state === 'resolved')
      .toSorted((a, b) => a.lastAt - b.lastAt)
      .slice(0, over)
    for (const about of old) {
      this.incidents.delete(about.id)
      if (this.#byKey.get(keyOf(about)) === about.id) this.#byKey.delete(keyOf(about))
    }
    return old.length > 0
  }

  #rewrite(): void {
    const incidents = [...this.incidents.values()] as EventOf<'kept'>['incidents']
    try {
      if (this.#unwritten.length > 0) return // it is not known yet what stands on the disk
      this.#options.store.rewrite({ what: 'kept', at: this.#options.now(), number: this.made, incidents })
    } catch (error) {
      this.#problem = `the book of incidents cannot be rewritten: ${messageOf(error)}`
    }
  }
}

function keyOf({ class: kind, key }: { readonly class?: CaseClass; readonly key: string }): string {
  return `${kind ?? ''}\n${textOf(key)}`
}

/** As it was before it was written: JSON knows no difference between a field without a value and none. */
function whole(kept: EventOf<'kept'>['incidents'][number]): Incident {
  return JSON.parse(JSON.stringify(kept)) as Incident
}
