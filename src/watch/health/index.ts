/**
 * How Warder itself is. It promises that what nobody could look at never counts as well, that the objectives are kept
 * over restarts and claim nothing where there is no data, and that what it counts stays within bounds, whatever agents
 * call their things. It reads the record and what the other parts say of themselves; it trusts them for that, and acts
 * on nothing.
 */
export {
  COMPONENT_STATES,
  componentOf,
  derive,
  OVERALL,
  type Component,
  type ComponentState,
  type Fact,
  type Overall,
} from './component.ts'
export { exposition, METRICS_MEDIA_TYPE, type Family, type Sample } from './metrics.ts'
export { RecordCounts, type RecordedEntry } from './record.ts'
export { SLOS, SloTracker, type SloName, type SloReport } from './slo.ts'
