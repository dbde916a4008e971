import type { Action, Finding } from '../core/action.ts'
import { isAtLeast } from '../core/risk.ts'
import { rateCommand } from '../decide/inspect/command/index.ts'
import type { SandboxSpec } from '../enforce/sandbox/index.ts'
import { hostPath } from './approvals-subject.ts'
import { withScripts } from './script-text.ts'

/** A command as it will be started, and where. */
export interface StartedCommand {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly workspace: string
  /** What it will find in its environment; some variables are commands of their own. */
  readonly env?: Readonly<Record<string, string>>
}

/** What a record holds of the reasons: the gravest say it. */
const MOST_FINDINGS = 20

/**
 * The same action, with what its command would do: its risk is raised to the command's, never lowered, and the reasons
 * become findings. Scripts it would run are read as they are out here at this moment; what replaces them afterwards is
 * for the seals of an approval and for the sandbox.
 */
export async function ratedAction<A extends Omit<Action, 'bytes'>>(
  action: A,
  { argv, cwd, workspace, env }: StartedCommand,
  spec: SandboxSpec,
): Promise<A> {
  const { risk, reasons, unparsable } = await withScripts((read) =>
    rateCommand(argv, {
      home: spec.inside.home,
      workspace,
      cwd,
      ...(env === undefined ? {} : { environment: env }),
      readScript: (path) => {
        const place = hostPath(spec, path)
        return place === undefined ? undefined : read(place)
      },
    }),
  )
  const found: Finding[] = reasons
    .filter((reason) => reason.risk !== 'low')
    .slice(0, MOST_FINDINGS)
    .map((reason) => ({ rule: `command.${reason.rule}`, risk: reason.risk, note: reason.note }))
  const why = reasons[0]
  return {
    ...action,
    risk: isAtLeast(action.risk, risk) ? action.risk : risk,
    findings: [...(action.findings ?? []), ...found],
    about: {
      ...action.about,
      command_risk: risk,
      // notes can quote the command, so they are cut as it is; the ledger masks what has the shape of a secret
      ...(why === undefined ? {} : { command_reason: `${why.rule}: ${why.note}`.slice(0, 300) }),
      ...(unparsable === undefined ? {} : { command_unread: unparsable.slice(0, 200) }),
    },
  }
}
