/**
 * Must a human say yes. Every question is frozen when it is put: an answer holds for exactly what was shown, once, for
 * two minutes, and is signed and recorded. While nobody can be reached the answer is no, at once; an absent answer
 * never opens anything. This room trusts no program to answer in a person's place, nobody to answer what they asked
 * themselves, and no file to be the one it was: allowances name programs by what is in them.
 */
export { Allowances, endOf, type Allowance } from './allowance.ts'
export { type Answer } from './answer.ts'
export { allowedBy, deniedBy, refuseUnanswered } from './approval.ts'
export { ASK, atAutonomy, LEVELS, routeOf, SECURITY, type AskMode, type Autonomy } from './autonomy.ts'
export { ApprovalBook, type BookLine, type LineFields, type Reading, type Signer } from './book.ts'
export {
  Budgets,
  BUDGET_PERIODS,
  BUDGET_UNITS,
  costOf,
  stateOf,
  type Amounts,
  type Budget,
  type BudgetUnit,
} from './budget.ts'
export { dropUnsealed, sqliteBudgetStore } from './budget-store.ts'
export { ApprovalDesk } from './desk.ts'
export { type Change, type DeskOptions, type Settlement } from './desk.ts'
export { APPROVAL_ERRORS, ApprovalError } from './error.ts'
export {
  escalations,
  isWithin,
  SENSITIVE_BELOW_HOME,
  type Escalation,
  type EscalationContext,
  type EscalationLookup,
} from './escalation.ts'
export { mayAnswerFromAfar, type Notifier, type Reply } from './notifier.ts'
export { HOLES, narrowest, patternText, type CommandPattern, type Hole, type HoleAt } from './pattern.ts'
export {
  CHOICES,
  isTwoPhase,
  kindOf,
  KINDS,
  needsFresh,
  type Asking,
  type Choice,
  type Kind,
  type Question,
  type QuestionState,
  type Somebody,
} from './question.ts'
export { EVERYBODY, Rates, type RateHit } from './rate.ts'
export { sealedRateStore } from './rate-store.ts'
export { sqliteSealedStore, type Mac } from './sealed.ts'
export { SessionYes } from './session.ts'
export { answerText, isAnswerSigned, signAnswer } from './sign.ts'
export { BOOK_TABLE, sqliteBookStore, type BookStore } from './store.ts'
export { memoryBookStore } from './store.memory.ts'
export { type Seal, type Segment, type Subject } from './subject.ts'
export { atMode, MODES, type Mode } from './mode.ts'
export { atStage } from './stage.ts'
export { riskScore, scoreLevel, STAGES, type Stage, type Trust, type TrustEvent } from './trust.ts'
export { TrustBook } from './trust-book.ts'
