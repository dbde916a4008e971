/**
 * The MCP firewall: what passes between one client and one server of the Model Context Protocol. This room promises that
 * nothing passes that it cannot read in one way only; that only what policy names is listed, and only what is listed is
 * called; that the gate is asked before anything is sent; that arguments and results fit what was advertised and approved;
 * that what reads like an attack is not handed on, and keys are not; and that every request is answered, by an error where
 * by nothing else. It trusts whoever hands it messages to know the client from the server, and the ports for their
 * answers. It knows nothing of transports, and sees nothing that a server does behind them: the sandbox is the border.
 */
export { readMessage, type FrameLimits, type Message, type ReadMessage, type Unreadable } from './frame.ts'
export { CLIENT_CAPABILITIES, REVISIONS } from './hello.ts'
export { LineReader } from './lines.ts'
export { NAMED_METHODS } from './methods.ts'
export { isQuickPattern } from '../../core/quick-pattern.ts'
export {
  SERVER_QUESTIONS,
  SERVER_TIERS,
  TIERS,
  type ArgumentRule,
  type FileAccess,
  type NameRule,
  type RuleAction,
  type ServerLimits,
  type ServerPolicy,
  type ServerTier,
  type ToolRule,
} from './policy.ts'
export type {
  Approval,
  AskedKind,
  DefinitionKind,
  DefinitionSeen,
  GateAnswer,
  GateQuestion,
  Inspectors,
  McpSession,
  Route,
  SessionEvent,
  SessionOptions,
  SessionPorts,
  StateBinding,
  StatePort,
  TaintPort,
  TextSeen,
  Touched,
} from './ports.ts'
export { errorMessage, REFUSAL_CODES, refusalMessage, type Refusal } from './refusal.ts'
export { createSession } from './session.ts'
