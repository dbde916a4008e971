import type { CaseClass } from '../../core/incident.ts'
import type { RiskLevel } from '../../core/risk.ts'
import { ESCALATION, isFound } from './classes.ts'

/** Counts reports of each class. As many times as its threshold are kept, so a flood takes no memory. */
export class Escalation {
  readonly #times = new Map<CaseClass, number[]>()

  /** One more report. @returns how bad that makes it, where it are enough of them */
  saw(kind: CaseClass, at: number): RiskLevel | undefined {
    const rule = isFound(kind) ? ESCALATION[kind] : undefined
    if (rule === undefined) return undefined
    const times = this.recall(kind, at, 1)
    const first = times[0]
    const isMet = times.length === rule.count && first !== undefined && at - first <= rule.windowMs
    return isMet ? rule.severity : undefined
  }

  /** What was reported before; so a restart forgets no count. */
  recall(kind: CaseClass, at: number, times: number): readonly number[] {
    const rule = isFound(kind) ? ESCALATION[kind] : undefined
    if (rule === undefined) return []
    const known = this.#times.get(kind) ?? []
    known.push(...Array.from({ length: Math.min(times, rule.count) }, () => at))
    known.splice(0, Math.max(0, known.length - rule.count))
    this.#times.set(kind, known)
    return known
  }
}
