/**
 * What a command would do, told before it runs. The text is read as bash reads it, wrappers and shells around programs
 * are taken off, what can be worked out is worked out, and every program that would run is looked at with its
 * arguments, its files and what flows through it.
 *
 * Promises: it always answers, runs nothing, and what it cannot read is never low. Refuses to promise more: it is a
 * tripwire with measured figures (docs/command-risk.md), and the sandbox is the border. It trusts nobody's names: a
 * program is taken for what it says only in the directories of the system.
 */
export { rateCommand } from './rate.ts'
export { parseCommand } from './parse.ts'
export type { CommandContext, CommandRating, CommandReason, RatedProgram } from './context.ts'
export type {
  CommandAssignment,
  CommandRedirect,
  CommandSegment,
  CommandWord,
  ParsedCommand,
  Span,
} from './parse.ts'
