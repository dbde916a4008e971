import { rateCommand, parseCommand } from '../decide/inspect/command/index.ts'
import { hookProgram } from '../platform/hook-program.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { Acts } from './acts.ts'
import type { CommandReader } from './hook-command.ts'
import { openHooks, type HooksOptions } from './hooks.ts'
import type { Handlers } from './http/app.ts'
import { hookHandlers } from './http/hooks.ts'
import { workspaceAt } from './workspace-paths.ts'
import type { Claim } from './workspaces.ts'

export interface HooksWiring extends Pick<
  HooksOptions,
  'rooms' | 'home' | 'now' | 'append' | 'lost' | 'isSomebodyThere' | 'taint'
> {
  readonly values: SettingValues
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Warder's own directories. */
  readonly own: readonly string[]
  readonly acts: Acts
  readonly claim: (agent: string, path: string) => Claim
}

/** Where programs are looked for when the daemon was given no PATH. */
export const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export const READER: CommandReader = {
  parse: parseCommand,
  rate: (text, context) => {
    const { risk, reasons } = rateCommand(text, context)
    return { risk, findings: reasons.map(({ rule, risk: of, note }) => ({ rule, risk: of, note })) }
  },
}

type Rest = Omit<Handlers, 'hookAsk' | 'hookRan' | 'hookList' | 'hookRelease'>

/** The hooks of coding agents, wired into the house. */
export function wireHooks({ values, environment, own, acts, claim, ...rest }: HooksWiring) {
  const program = hookProgram(values)
  const hooks = openHooks({
    ...rest,
    reader: READER,
    path: environment['PATH'] ?? USUAL_PATH,
    stateDirectory: values['paths.state'],
    markedCommand: program.marked,
    workspaces: { home: rest.home, workspaceAt: (path) => workspaceAt(path, own), claim },
  })
  return {
    isBusy: () => hooks.isBusy(),
    warnings: () => hooks.warnings(),
    close: () => hooks.close(),
    /** The others' handlers with ours, and locked sessions in the status. */
    over: <H extends Rest>(others: H): H & Handlers => ({
      ...others,
      ...hookHandlers(hooks, acts),
      status: async (input, caller) => {
        const answer = await others.status(input, caller)
        return { ...answer, degraded: [...answer.degraded, ...hooks.warnings()] }
      },
    }),
  }
}
