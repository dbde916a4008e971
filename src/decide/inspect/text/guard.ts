import { messageOf } from '../../../core/error.ts'
import { outcomeOf } from './combine.ts'
import type { GuardModel, TextScanOptions, TextVerdict } from './types.ts'

/** Asks the guard, and lets its answer make the verdict worse, never better; no answer leaves it as it was, and is said. */
export async function withGuard(
  verdict: TextVerdict,
  text: string,
  { channel }: TextScanOptions,
  guard: GuardModel,
): Promise<TextVerdict> {
  try {
    const risk = await guard.ask(text, channel)
    if (!(risk >= 0 && risk <= 1)) return noted(verdict, `the guard ${guard.name} gave no usable answer`)
    if (risk <= verdict.risk) return verdict
    const reason = `the guard ${guard.name} holds it for an attack`
    const finding = {
      rule: 'guard.opinion',
      family: 'guard',
      reason,
      view: 'text',
      start: 0,
      end: text.length,
      weight: risk,
    }
    return { ...verdict, risk, verdict: outcomeOf(risk), findings: [finding, ...verdict.findings] }
  } catch (error) {
    return noted(verdict, `the guard ${guard.name} could not be asked: ${messageOf(error)}`)
  }
}

function noted(verdict: TextVerdict, note: string): TextVerdict {
  return { ...verdict, notes: [...verdict.notes, note] }
}
