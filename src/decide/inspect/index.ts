/**
 * What is in the request. This room adds findings to an action and never takes anything away; a finding is evidence
 * for the decision, not a decision. It trusts nobody: an action it cannot look into is of unknown risk, hence high.
 */
export { inspect } from './inspect.ts'
export { parseCommand, rateCommand } from './command/index.ts'
export type { CommandContext, CommandRating, ParsedCommand } from './command/index.ts'
