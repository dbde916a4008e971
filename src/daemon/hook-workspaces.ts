import { messageOf } from '../core/error.ts'
import type { Session } from '../enforce/session/index.ts'
import type { Claim } from './workspaces.ts'

export interface HookWorkspaceOptions {
  readonly home: string
  /** The directory, resolved. @throws when it may not be anybody's workspace */
  readonly workspaceAt: (path: string) => string
  readonly claim: (agent: string, path: string) => Claim
}

/**
 * The directory a session begins in is its workspace for as long as it lasts: what policy allows an agent in its own
 * workspace, it may do there. A home directory is no workspace, nor is one Warder keeps its own things in.
 */
export function hookWorkspaces({ home, workspaceAt, claim }: HookWorkspaceOptions) {
  const claims = new Map<string, Claim | undefined>()
  return {
    /**
     * Where it began, not where it is by now: a harness that is heard again after a restart may have moved on.
     *
     * @returns why the session has no workspace, when it has none
     */
    enter({ id: session, harness, workspace: cwd }: Session): string | undefined {
      if (claims.has(session)) return undefined
      claims.set(session, undefined)
      if (cwd === '') return 'Warder: this session named no directory, so it has no workspace.'
      try {
        const path = workspaceAt(cwd)
        if (path === '/' || `${home}/`.startsWith(`${path}/`))
          throw new Error('a home directory is no workspace')
        claims.set(session, claim(harness, path))
        return undefined
      } catch (error) {
        return `Warder: ${cwd} is not taken as a workspace: ${messageOf(error)}. Start in the directory of one project.`
      }
    },
    leave(session: string): void {
      claims.get(session)?.drop()
      claims.delete(session)
    },
    close(): void {
      for (const session of [...claims.keys()]) this.leave(session)
    },
  }
}
