import { say, type Frame, type Invocation } from './frame.ts'
import { isHarmless } from './harmless.ts'
import { rateHeld } from './held.ts'
import { hitsOf } from './match.ts'
import type { Rule } from './rule.ts'
import { RULES } from './rules/index.ts'
import type { Field } from './word.ts'

const RULES_OF: ReadonlyMap<string, readonly Rule[]> = byProgram(RULES)

/** The rows of a table by each program they are about. */
export function byProgram<T extends { readonly of: string }>(rows: readonly T[]): Map<string, T[]> {
  const map = new Map<string, T[]>()
  for (const row of rows) {
    for (const name of row.of.split(' ')) map.set(name, [...(map.get(name) ?? []), row])
  }
  return map
}

/** Whether a rule speaks of a program whatever its arguments; those which only look are let off. */
function isAny({ sub, option, value, line, isBare }: Rule): boolean {
  return (
    sub === undefined && option === undefined && value === undefined && line === undefined && isBare !== true
  )
}

/** The command an option takes: up to the `;` or `+` that ends it for find. */
function commandAt(args: readonly Field[], index: number): readonly Field[] {
  const rest = args.slice(index)
  const end = rest.findIndex(({ text }) => text === ';' || text === '+' || text === '\\;')
  return end === -1 ? rest : rest.slice(0, end)
}

/** Whether any rule knows the program. */
export function isKnownProgram(name: string): boolean {
  return RULES_OF.has(name)
}

/** Says what the tables say of a program with these arguments. */
export function applyRules(invocation: Invocation, frame: Frame): void {
  const { name, argv, span, stdin } = invocation
  const rules = RULES_OF.get(name)
  if (rules === undefined) return
  const args = argv.slice(1)
  const line = args.map(({ text }) => text).join(' ')
  for (const rule of rules) {
    if (rule.isBare === true && stdin !== undefined) continue
    if (isAny(rule) && isHarmless(invocation, frame)) continue
    const hits = hitsOf(rule, name, args, line)
    for (const { value, index } of hits.slice(0, 8)) {
      const { runs } = rule
      if (runs === undefined || value === undefined) say(frame, rule.id, rule.risk, rule.note, value ?? span)
      else {
        const captured = rule.value?.exec(value.text)?.[1]
        const text = captured === undefined ? value : { ...value, text: captured }
        rateHeld({ ...rule, runs }, text, commandAt(args, index), frame, span)
      }
    }
  }
}
