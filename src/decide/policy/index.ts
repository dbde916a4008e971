/**
 * May they? This room promises one answer for one principal, one action and one moment, from the policy file, the live
 * grants and the exclusions, with the rule that settled it as evidence. Nothing is allowed that nothing speaks for; the
 * strictest voice wins; an error while deciding is a deny. It refuses a policy file with any problem as a whole, a
 * resource that is not written in its one plain form, and a grant that does not verify. It trusts the principal it is
 * handed (`decide/identity` made it), the resource to be the resolved one the door will open, and its callers' clock.
 */
export { check, type CheckContext, type CheckFinding, type HostFacts } from './check.ts'
export { type Policy } from './compile.ts'
export { covers, type Covers } from './covers.ts'
export { PolicyEngine, type PolicyOptions } from './engine.ts'
export { POLICY_ERRORS, PolicyError, type FileProblem } from './error.ts'
export { type ProtectedPlaces } from './exclusion.ts'
export { testPolicy, type ExpectationResult } from './expectation.ts'
export { explain, type Change, type Explanation, type Voice } from './explain.ts'
export { GrantBook, type Grant, type GrantBookOptions, type GrantRequest, type GrantState } from './grant.ts'
export { type Signer, type Verifier } from './grant-record.ts'
export { type HeldGrant } from './held.ts'
export { PRESET_CAPABILITIES, PRESETS, type Preset } from './preset.ts'
export { importApprovals, withImported, type Imported } from './import-approvals.ts'
export { actionOf as mcpActionOf } from './mcp-statements.ts'
export type { McpDocument, McpServerDocument, McpToolDocument } from './mcp-schema.ts'
export { netReach } from './net-reach.ts'
export { reach, type Reach } from './reach.ts'
export {
  policyJsonSchema,
  policySchema,
  type EgressDocument,
  type Expectation,
  type PolicyDocument,
} from './schema.ts'
export { STARTER_POLICY } from './starter.ts'
export { GRANT_TABLE, sqliteGrantStore, type GrantStore, type SignedRecord } from './store.ts'
export { memoryGrantStore } from './store.memory.ts'
export { type Variables } from './variables.ts'
export { type Workspace } from './workspace.ts'
