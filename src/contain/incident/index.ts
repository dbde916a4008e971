/**
 * What went wrong, what is done about it, and what became of that. The room promises that an incident is on the disk
 * before anything is done about it, that every action is tried until it is seen in the world and leaves a receipt, that
 * `contained` means that each of them was seen, and that no severity ever falls. It refuses to resolve what nobody
 * acknowledged, what was not confirmed, and, where its class needs that, what no later look at Warder's own integrity
 * vouches for. It trusts its ports to look at the world, and the key that authenticates its book; it trusts no reporter
 * with how bad something is.
 */
export { INCIDENT_ERRORS, IncidentError } from './errors.ts'
export {
  ACTION_NAMES,
  ACTION_STATES,
  isConfirmed,
  TRANSITIONS,
  type ActionName,
  type ActionState,
  type Incident,
  type Order,
  type Receipt,
} from './incident.ts'
export {
  ALL,
  CLASS_RULES,
  ESCALATION,
  isFound,
  isLatched,
  needsEvidence,
  ordersFor,
  severityOf,
} from './classes.ts'
export { type EventOf, type IncidentEvent } from './event.ts'
export { type IncidentFilter } from './filter.ts'
export {
  dueSteps,
  openSteps,
  overdueSteps,
  playbookOf,
  PLAYBOOKS,
  stepsOf,
  type Playbook,
  type PlaybookName,
  type StepState,
} from './playbook.ts'
export { makeBundle, verifyBundle, type BundleCheck, type BundleEntry, type BundleKey } from './bundle.ts'
export { IncidentBook, type BookOptions, type Reported } from './book.ts'
export { fileIncidentStore, type IncidentStore } from './store.ts'
export { Outbox, type ActionPort, type ActionPorts, type Seen } from './outbox.ts'
