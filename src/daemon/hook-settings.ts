import type { HookAction } from './hook-actions.ts'

/** The files in which a harness is told which hooks to call, and the directories that go with them. */
const SETTINGS = [
  /\/\.claude(?:\/(?:settings[^/]*\.json|hooks(?:\/.*)?))?$/,
  /\/\.codex(?:\/(?:hooks\.json|config\.toml|hooks(?:\/.*)?))?$/,
  /\/\.cursor(?:\/hooks(?:\.json|\/.*)?)?$/,
  /\/\.(?:github|copilot)\/hooks(?:\/.*)?$/,
  /^\/etc\/(?:claude-code|codex|cursor)(?:\/.*)?$/,
]

/**
 * Whether an action may change which hooks guard the agent. A command that only names such a file may do anything with
 * it, so naming it counts; a tool that reads it does not.
 */
export function isOwnSettings({ action, isName }: HookAction): boolean {
  const { namespace, verb, resource } = action
  const mayChange = isName || verb === 'write' || verb === 'delete'
  return namespace === 'fs' && mayChange && SETTINGS.some((pattern) => pattern.test(resource))
}
