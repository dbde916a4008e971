import type { CommandContext, CommandRating, CommandReason } from './context.ts'
import { rateGivenEnvironment } from './environment.ts'
import { evaluate, evaluateLines, evaluateScript, evaluateText, expansionIn } from './evaluate.ts'
import { NOTHING } from './flow.ts'
import { say, worst, type Frame, type Rating, type Shell } from './frame.ts'
import { MAX_LENGTH, oddCharacter, readScript, type Span } from './parse.ts'
import { runProgram } from './program.ts'
import { isAtLeast, RISK_LEVELS } from '../../../core/risk.ts'
import type { Field } from './word.ts'

/** So that a command made of loops in loops cannot keep us busy. */
const MOST_PROGRAMS = 4000
const MOST_REASONS = 100

const SHELL: Shell = {
  text: evaluateText,
  node: evaluate,
  program: runProgram,
  expansion: expansionIn,
}

/**
 * Rates what a command would do: a text as a shell would read it, or a program with its arguments. Runs nothing, reads
 * nothing but what `context` hands over, always answers, and never throws.
 *
 * A rating is a tripwire, not a border: what is written to slip through will, and then the sandbox holds. What cannot
 * be read is never low.
 */
export function rateCommand(
  command: string | readonly string[],
  context: CommandContext = {},
): CommandRating {
  const rating: Rating = { reasons: [], programs: [], budget: MOST_PROGRAMS }
  const frame = startingFrame(rating, context)
  try {
    if (context.environment !== undefined) rateGivenEnvironment(nameless(command), frame)
    if (typeof command === 'string') rateText(command, frame)
    else rateArguments(command, frame)
  } catch (error) {
    // a mistake of ours must not turn into a low rating
    rating.unparsable ??= error instanceof RangeError ? 'it is nested too deeply' : 'it could not be rated'
    say(frame, 'shape.failed', 'high', 'rating it failed, which says nothing good about it', {
      start: 0,
      end: 0,
    })
  }
  return concluded(rating)
}

/** A word that stands for the whole of it; what is said of the environment is about the first of its words. */
function nameless(command: string | readonly string[]): Field {
  const text = typeof command === 'string' ? (/^\s*(\S*)/.exec(command)?.[1] ?? '') : (command[0] ?? '')
  return { text, isDynamic: false, isGlob: false, flow: NOTHING, start: 0, end: text.length }
}

function startingFrame(rating: Rating, context: CommandContext): Frame {
  return {
    shell: SHELL,
    context,
    rating,
    variables: { values: new Map(), home: context.home, positional: [] },
    functions: new Map(),
    aliases: new Map(),
    files: new Map(),
    depth: 0,
  }
}

function rateText(text: string, frame: Frame): void {
  const whole = { start: 0, end: text.length }
  sayOdd(text, frame, whole)
  const read = readScript(text)
  if (read.script === undefined) {
    frame.rating.unparsable = read.unparsable
    say(frame, 'shape.unparsable', 'medium', read.unparsable, whole)
    evaluateLines(text, { ...frame, at: whole })
    return
  }
  evaluateScript(read.script, undefined, frame)
}

function sayOdd(text: string, frame: Frame, span: Span): void {
  const odd = oddCharacter(text)
  if (odd === undefined) return
  const note = `holds ${odd}, which people and shells read differently`
  say(frame, 'shape.odd-character', 'medium', note, span)
}

function rateArguments(argv: readonly string[], frame: Frame): void {
  let at = 0
  const fields = argv.map((text): Field => {
    const start = at
    at += text.length + 1
    return { text, isDynamic: false, isGlob: false, flow: NOTHING, start, end: start + text.length }
  })
  const whole = { start: 0, end: Math.max(0, at - 1) }
  if (whole.end > MAX_LENGTH) {
    frame.rating.unparsable = 'it is longer than 64 kB'
    say(frame, 'shape.unparsable', 'medium', 'it is longer than 64 kB', whole)
  }
  for (const { text, start, end } of fields) sayOdd(text, frame, { start, end })
  runProgram(fields, undefined, frame, whole)
}

function concluded({ reasons, programs, unparsable }: Rating): CommandRating {
  const order = (reason: CommandReason) => RISK_LEVELS.indexOf(reason.risk)
  const sorted = reasons.toSorted((a, b) => order(b) - order(a) || a.start - b.start).slice(0, MOST_REASONS)
  const risk = worst(reasons)
  return {
    risk: unparsable !== undefined && !isAtLeast(risk, 'medium') ? 'medium' : risk,
    reasons: sorted,
    programs,
    ...(unparsable === undefined ? {} : { unparsable }),
  }
}
