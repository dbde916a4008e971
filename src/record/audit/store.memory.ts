import type { Row } from './segments.ts'
import type { LogStore } from './store.ts'

/** The store in memory, for tests and for trying things out: nothing of it is durable. */
export class MemoryStore implements LogStore {
  readonly #rows: Row[] = []
  #first = 0
  segment = 0
  sizeBytes = 0

  get isFresh(): boolean {
    return this.#rows.length === this.#first
  }

  last(): Row | undefined {
    return this.#rows.at(-1)
  }

  read(after: number, limit: number): Row[] {
    return this.#rows.filter(({ seq }) => seq > after).slice(0, limit)
  }

  append(rows: readonly Row[]): void {
    if (this.segment === 0) throw new Error('no segment is open')
    const known = new Set(this.#rows.map(({ seq }) => seq))
    for (const { seq } of rows) {
      if (known.has(seq)) throw new Error(`entry ${seq} is there already`)
      known.add(seq)
    }
    this.#rows.push(...rows)
    for (const { body } of rows) this.sizeBytes += body.length + 64
  }

  startSegment(): void {
    this.segment++
    this.sizeBytes = 0
    this.#first = this.#rows.length
  }

  reopen(): void {}
  tidy(): void {}
  close(): void {}
}
