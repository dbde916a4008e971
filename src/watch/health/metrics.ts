/** One family of the Prometheus text format: a name, what it means, and a value for each set of labels. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly samples: readonly Sample[]
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** @see Prometheus text-based format, version 0.0.4 */
export const METRICS_MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function exposition(families: readonly Family[]): string {
  return families
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ labels = {}, value }) => `${name}${written(labels)} ${number(value)}`),
    ])
    .concat('')
    .join('\n')
}

function written(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
}

/** Of one label; what comes later is counted together, so that no agent can fill our memory with names of its own. */
export const MOST_LABELS = 64
const OTHER = 'other'
const LONGEST_LABEL = 128

/** Counts by one label, with at most {@link MOST_LABELS} values of it. */
export class Counter {
  readonly #label: string
  readonly #counts = new Map<string, number>()

  /** @param known values that are there from the start, at nought */
  constructor(label: string, known: readonly string[] = []) {
    this.#label = label
    for (const value of known) this.#counts.set(value, 0)
  }

  add(value: string): void {
    const short = value.slice(0, LONGEST_LABEL)
    const isKnown = this.#counts.has(short) || this.#counts.size < MOST_LABELS
    const key = isKnown ? short : OTHER
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  samples(): Sample[] {
    return [...this.#counts].map(([value, count]) => ({ labels: { [this.#label]: value }, value: count }))
  }
}
