import { SandboxError } from '../errors.ts'
import { levelOf } from '../level.ts'
import type { Guarantee, Probe, SandboxDriver } from '../driver.ts'
import type { GuaranteeName } from '../profile.ts'
import type { SelfTestReport } from './selftest.ts'

/** What the record keeps of one self-test, and what is known of it afterwards. */
export interface SelfTestNote extends Omit<SelfTestReport, 'results'> {
  /** Attempts that got through, by name. */
  readonly escaped: readonly string[]
  /** The number of its entry in the ledger. */
  readonly entry?: number
}

export function noteOf({ results, ...report }: SelfTestReport): SelfTestNote {
  return {
    ...report,
    escaped: results.filter(({ result }) => result === 'escaped').map(({ name }) => name),
  }
}

/** What self-tests of this boot have shown. A test of an earlier one says nothing about the kernel that runs now. */
export class SelfTestBook {
  readonly #bootId: string
  readonly #notes: SelfTestNote[] = []

  constructor(bootId: string) {
    this.#bootId = bootId
  }

  add(note: SelfTestNote): void {
    if (note.bootId === this.#bootId) this.#notes.push(note)
  }

  /** The latest of each driver and profile, oldest first; where a part held, the test of everything before says more. */
  latest(): readonly SelfTestNote[] {
    const keys = new Map<string, SelfTestNote>()
    for (const note of this.#notes) {
      const key = JSON.stringify([note.driver, note.profile])
      if (note.isGreen && !note.isWhole && keys.has(key)) continue
      keys.delete(key)
      keys.set(key, note)
    }
    return [...keys.values()]
  }

  /** Guarantees a self-test has found broken, and no later whole one whole again, with what was found. */
  broken(driver: string): ReadonlyMap<GuaranteeName, string> {
    const found = new Map<GuaranteeName, string>()
    for (const note of this.#notes.filter((each, at) => each.driver === driver && this.#stands(each, at))) {
      for (const name of note.broken) found.set(name, foundWords(note))
    }
    return found
  }

  /** A later test of the same driver and profile takes a finding back only by trying everything and finding nothing. */
  #stands(note: SelfTestNote, at: number): boolean {
    return !this.#notes
      .slice(at + 1)
      .some(
        (later) =>
          later.driver === note.driver && later.profile === note.profile && later.isWhole && later.isGreen,
      )
  }
}

function foundWords({ startedAt, profile, escaped }: SelfTestNote): string {
  const when = new Date(startedAt).toISOString()
  return `a self-test of ${when} (profile ${profile}) found a way out: ${escaped.join(', ')}`
}

const FIX = 'mend it, then: warder sandbox test'

/** The same driver, which no longer claims what a self-test has found broken, and starts nothing that relies on it. */
export function holdToSelfTests(driver: SandboxDriver, book: Pick<SelfTestBook, 'broken'>): SandboxDriver {
  return {
    name: driver.name,
    probe: async () => withFindings(await driver.probe(), book.broken(driver.name)),
    lastProbe: async () => withFindings(await driver.lastProbe(), book.broken(driver.name)),
    notEnforced: async (spec) => (await driver.notEnforced?.(spec)) ?? [],
    start: async (spec, options) => {
      const broken = book.broken(driver.name)
      const relied = spec.requires.find((name) => broken.has(name))
      if (relied !== undefined) {
        const what = `profile ${spec.profile} requires ${relied}, and ${broken.get(relied)}`
        throw new SandboxError('SANDBOX_UNENFORCEABLE', what, FIX)
      }
      return driver.start(spec, options)
    },
  }
}

function withFindings(probe: Probe, broken: ReadonlyMap<GuaranteeName, string>): Probe {
  if (broken.size === 0) return probe
  const kept = probe.guarantees.filter(({ name }) => !broken.has(name))
  const lost = [...broken].map(([name, why]): Guarantee => ({ name, inForce: false, why, fix: FIX }))
  const found = { ...probe, guarantees: [...kept, ...lost] }
  return probe.level === undefined ? found : { ...found, level: levelOf(found) }
}
