import { join } from 'node:path'
import { failingClosed, type HookProgram } from '../../platform/hook-program.ts'
import { SETUP_ERRORS, SetupError } from './errors.ts'

export const HARNESSES = ['claude-code', 'codex', 'cursor', 'vscode'] as const
export type HarnessName = (typeof HARNESSES)[number]

export interface Scope {
  readonly home: string
  /** The project's directory; absent for the user's own settings. */
  readonly project?: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** One hook as it stands in a harness's settings. */
export interface HookEntry {
  readonly event: string
  readonly command: string
  readonly value: object
}

/** As long as a person may be asked for, and some: what takes longer would be taken for a yes. */
const TIMEOUT_SECONDS = 180
/** A session's start may start the daemon. */
const START_SECONDS = 60

/** The file in which this harness is told which hooks to call. */
export function settingsFile(harness: HarnessName, { home, project, environment }: Scope): string {
  const place = (variable: string, folder: string): string => {
    const set = environment[variable]
    return project === undefined
      ? set?.startsWith('/') === true
        ? set
        : join(home, folder)
      : join(project, folder)
  }
  switch (harness) {
    case 'claude-code':
      return join(place('CLAUDE_CONFIG_DIR', '.claude'), 'settings.json')
    case 'codex':
      return join(place('CODEX_HOME', '.codex'), 'hooks.json')
    case 'cursor':
      return join(project ?? home, '.cursor', 'hooks.json')
    default:
      if (project !== undefined) return join(project, '.github', 'hooks', 'warder.json')
      throw new SetupError(SETUP_ERRORS, 'SETUP_SCOPE', {
        what: 'VS Code has no hooks file of its own for all projects',
        fix: 'name a project: warder setup vscode --project DIR; for all of them it reads what warder setup claude-code --user writes',
      })
  }
}

const EVENTS: Readonly<Record<HarnessName, readonly string[]>> = {
  'claude-code': ['SessionStart', 'PreToolUse', 'PostToolUse', 'PostToolUseFailure', 'SessionEnd'],
  codex: ['SessionStart', 'PreToolUse', 'PostToolUse'],
  cursor: [
    ...['sessionStart', 'preToolUse', 'beforeShellExecution', 'beforeMCPExecution', 'beforeReadFile'],
    ...['postToolUse', 'afterShellExecution', 'afterMCPExecution', 'sessionEnd'],
  ],
  vscode: ['SessionStart', 'PreToolUse', 'PostToolUse'],
}

/** Every hook this harness needs, in its own form. */
export function entriesFor(harness: HarnessName, program: HookProgram): readonly HookEntry[] {
  return EVENTS[harness].map((event) => {
    const isStart = /^sessionStart$/i.test(event)
    const command = failingClosed(isStart ? program.starts : program.answers)
    const timeout = isStart ? START_SECONDS : TIMEOUT_SECONDS
    return { event, command, value: valueFor(harness, event, { command, timeout }) }
  })
}

function valueFor(harness: HarnessName, event: string, hook: { command: string; timeout: number }): object {
  const isBefore = /^pre|^before/i.test(event)
  if (harness === 'cursor') return { ...hook, ...(isBefore ? { failClosed: true } : {}) }
  const typed = { type: 'command', ...hook }
  if (harness === 'vscode') return typed
  // without this a hook that Claude Code ends for taking too long would let the call through
  const strict = harness === 'claude-code' && isBefore ? { ...typed, onFailure: 'block' } : typed
  return { ...(/ToolUse/.test(event) ? { matcher: '*' } : {}), hooks: [strict] }
}

/** Whether an entry of the settings calls our program, wherever that stood when it was written. */
export function isOurs(value: unknown): boolean {
  const commands = commandsIn(value)
  return commands.length > 0 && commands.every(isOurCommand)
}

export function commandsIn(value: unknown): readonly string[] {
  const { command, hooks } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >
  const inner = Array.isArray(hooks) ? hooks.flatMap((each: unknown) => commandsIn(each)) : []
  return typeof command === 'string' ? [command, ...inner] : inner
}

function isOurCommand(command: string): boolean {
  return /(?:^|['\s/])(?:native\/hook'? |bin\/warder'? hook )/.test(command) && command.endsWith('|| exit 2')
}

/** What a person still has to know or to do. */
export const NOTES: Readonly<Record<HarnessName, readonly string[]>> = {
  'claude-code': [],
  codex: [
    'Codex runs a hook only after somebody has reviewed it: start codex once and trust them under /hooks',
  ],
  cursor: ['Cursor reads its hooks when it starts: restart it'],
  vscode: [
    'agent hooks of VS Code are a preview: an administrator, or the setting chat.useHooks, may switch them off',
  ],
}
