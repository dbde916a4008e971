import type { Function as FunctionNode, SyntaxNode } from 'unbash'
import { isAtLeast, RISK_LEVELS, type RiskLevel } from '../../../core/risk.ts'
import type { CommandContext, CommandReason, RatedProgram } from './context.ts'
import type { Flow } from './flow.ts'
import type { Span } from './parse.ts'
import type { Expansion, Field } from './word.ts'
import type { Variables } from './variable.ts'

/** What is gathered while a command is gone through. It only grows, so that what a part of it adds can be told. */
export interface Rating {
  readonly reasons: CommandReason[]
  readonly programs: RatedProgram[]
  unparsable?: string
  /** How many more programs are looked at; a command that would run more than that is not read to its end. */
  budget: number
}

/** How a part of a command has what stands inside it gone through; handed along, because each needs the others. */
export interface Shell {
  /** A command text, as `sh -c` would read it. @param at where to show what is found in it */
  readonly text: (text: string, stdin: Flow | undefined, frame: Frame, at: Span) => Flow
  readonly node: (node: SyntaxNode, stdin: Flow | undefined, frame: Frame) => Flow
  /** A program with its arguments, without a shell. */
  readonly program: (argv: readonly Field[], stdin: Flow | undefined, frame: Frame, span: Span) => Flow
  readonly expansion: (frame: Frame) => Expansion
}

/** Where we are: the state of the shell that would run, and how deep in it. */
export interface Frame {
  readonly shell: Shell
  readonly context: CommandContext
  readonly rating: Rating
  readonly variables: Variables
  readonly functions: Map<string, FunctionNode>
  readonly aliases: Map<string, string>
  /** What was written to files earlier in the same command. */
  readonly files: Map<string, Flow>
  readonly depth: number
  /** Set inside a text that does not stand in the command itself: everything found there is shown at this place. */
  readonly at?: Span
  /** The script being read, to be named in notes. */
  readonly script?: string
  /** On another machine or in a container: whoever types there does not type here. */
  readonly isElsewhere?: boolean
}

export const MAX_NESTING = 24

export interface Invocation {
  /** The program and its arguments. */
  readonly argv: readonly Field[]
  /** The program's plain name: without directory and version, in lower case. */
  readonly name: string
  /** What flows into it; undefined where nothing was connected to it. */
  readonly stdin: Flow | undefined
  readonly span: Span
}

export function say(frame: Frame, rule: string, risk: RiskLevel, note: string, span: Span): void {
  const { start, end } = frame.at ?? span
  const { reasons } = frame.rating
  if (reasons.some((reason) => reason.rule === rule && reason.start === start && reason.risk === risk)) return
  const named = frame.script === undefined ? note : `in ${frame.script}: ${note}`
  reasons.push({ rule, risk, note: named, start, end })
}

/** The worst of what was added since `from`. */
export function worstSince(frame: Frame, from: number): RiskLevel {
  return worst(frame.rating.reasons.slice(from))
}

export function worst(reasons: readonly Pick<CommandReason, 'risk'>[]): RiskLevel {
  return reasons.reduce<RiskLevel>((bad, { risk }) => (isAtLeast(risk, bad) ? risk : bad), 'low')
}

export function higher(a: RiskLevel, b: RiskLevel): RiskLevel {
  return isAtLeast(a, b) ? a : b
}

export function atMost(risk: RiskLevel, ceiling: RiskLevel): RiskLevel {
  return RISK_LEVELS.indexOf(risk) > RISK_LEVELS.indexOf(ceiling) ? ceiling : risk
}

/** A literal word that stands for something nobody wrote: the text of an option, an argument of a wrapper. */
export function fieldOf(text: string, like: Field): Field {
  return { ...like, text, isGlob: false }
}
