import { evaluateCode } from './code.ts'
import { say, worst, type Frame, type Invocation, type Rating } from './frame.ts'
import { isAtLeast } from '../../../core/risk.ts'

/** A call that starts a program, in most languages there are. */
const CALL =
  /\b(?:system|exec\w*|popen|spawn\w*|shell\w*|sh|run|Command|callCommand|open_process|createProcess)\s*[([{]{0,2}\s*["'`](?=[\w./!$])|\bos:cmd\b|\bSys\.command\b/
const MOST_TEXTS = 20
const SHORTEST = 8

/**
 * A program no table knows that is given a program text: whatever its language is, what starts a process in one
 * mostly does in the next. Only what is grave counts.
 */
export function sayUnknownCode({ argv, name, stdin, span }: Invocation, frame: Frame): void {
  const texts = argv.slice(1, MOST_TEXTS).map(({ text }) => text)
  if (stdin?.text !== undefined) texts.push(stdin.text)
  for (const text of texts) {
    if (text.length < SHORTEST || !CALL.test(text)) continue
    const rating: Rating = { reasons: [], programs: [], budget: Math.min(frame.rating.budget, 60) }
    evaluateCode(text, 'other', { ...frame, rating }, span)
    const risk = worst(rating.reasons)
    if (!isAtLeast(risk, 'high')) continue
    say(frame, 'code.unknown-language', risk, `${name} is given code that starts another program`, span)
    return
  }
}
