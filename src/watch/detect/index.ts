/**
 * Detection. Promises: every event it is shown is held against every rule at once; a rule that fires says which facts and
 * which entries it rests on; what it remembers has a bound, whatever comes. Refuses a file of rules with anything in it
 * that it does not know, and names the line. It trusts the entries of the ledger and what the watchers of the host tell;
 * what neither of them saw it cannot find, and rules find only what somebody thought of.
 */
export type { FieldValue, Observed } from './event.ts'
export { DETECT_ERRORS, DetectError } from './error.ts'
export {
  detectJsonSchema,
  KIND_NAMES,
  KINDS,
  kindOf,
  LONGEST_WINDOW_S,
  ruleFileSchema,
  type Kind,
  type Rule,
  type RuleFile,
} from './schema.ts'
export { Detector, type DetectorFacts } from './engine.ts'
export type { Hit } from './hit.ts'
export { findingOf } from './finding.ts'
export { checkRules, type RuleCheck } from './check.ts'
export { explainRule, firesWhen } from './explain.ts'
export { withOwn, type RuleInForce } from './rule-set.ts'
export { createSecondStage, type SecondStage } from './second-stage.ts'
