/** The coding agents whose hooks are understood. */
export const HARNESSES = ['claude-code', 'codex', 'cursor', 'vscode'] as const
export type Harness = (typeof HARNESSES)[number]

/** Where in a session a hook was called: before a tool, after one, after a tool that failed, at start and end. */
export type Moment = 'start' | 'before' | 'after' | 'failed' | 'end'

/** What a harness says when it calls its hook, in one form for all of them. Nothing in it was decided on yet. */
export interface HookCall {
  readonly harness: Harness
  /** As the harness writes it; answers repeat it. */
  readonly event: string
  readonly moment: Moment
  readonly session: string
  /** Absolute; '' when the harness did not say. */
  readonly cwd: string
  /** The harness's own permission mode, such as `bypassPermissions`. */
  readonly mode: string
  readonly tool: string
  readonly input: Readonly<Record<string, unknown>>
  /** The harness's id of this use of the tool; '' when it has none. */
  readonly toolUse: string
}

/** Each harness's events, in its own words. An event that is not here is refused, never passed over. */
export const EVENTS: Readonly<Record<Harness, Readonly<Record<string, Moment>>>> = {
  'claude-code': {
    SessionStart: 'start',
    PreToolUse: 'before',
    PostToolUse: 'after',
    PostToolUseFailure: 'failed',
    SessionEnd: 'end',
  },
  codex: { SessionStart: 'start', PreToolUse: 'before', PostToolUse: 'after', SessionEnd: 'end' },
  cursor: {
    sessionStart: 'start',
    preToolUse: 'before',
    beforeShellExecution: 'before',
    beforeMCPExecution: 'before',
    beforeReadFile: 'before',
    postToolUse: 'after',
    afterShellExecution: 'after',
    afterMCPExecution: 'after',
    sessionEnd: 'end',
  },
  vscode: { SessionStart: 'start', PreToolUse: 'before', PostToolUse: 'after' },
}
