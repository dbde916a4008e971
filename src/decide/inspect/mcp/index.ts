/**
 * What an MCP server says of itself, looked at before an agent reads it. Every text of a definition counts: names,
 * descriptions, schemas with their enums, defaults and examples, annotations, instructions. It promises an answer for
 * whatever it is handed, in time that grows with its size, and that what cannot be looked into is blocked. It is a
 * tripwire with measured figures (docs/mcp-definitions.md), not a guarantee: a definition that lies in plain words about
 * what its tool does passes, and the sandbox is the border. It trusts nobody, a server's own annotations least.
 */
export {
  createDefinitionInspector,
  inspectDefinition,
  type DefinitionInspector,
  type DefinitionInspectorOptions,
  type TextOpinion,
} from './inspect.ts'
export { skeletonOf } from './fold.ts'
export { shadowing, type ServerTools, type Shadow } from './shadow.ts'
export {
  BLOCKED_FROM,
  DANGEROUS_LABELS,
  DEFINITION_KINDS,
  LABEL_NAMES,
  MARKED_FROM,
  type DefinitionFinding,
  type DefinitionKind,
  type DefinitionVerdict,
  type Label,
  type LabelName,
} from './types.ts'
