import type { StatusAnswer } from '../../api/endpoints.ts'
import type { StopStore } from '../../contain/stop/index.ts'
import { messageOf } from '../../core/error.ts'
import type { GrantBook, PolicyEngine } from '../../decide/policy/index.ts'
import { levelOf, type Probe } from '../../enforce/sandbox/index.ts'
import type { Ledger } from '../../record/audit/index.ts'
import type { LiveRun, Runs } from '../runs.ts'
import type { Handlers } from './app.ts'

export interface StatusOptions {
  readonly version: string
  readonly profile: 'dev' | 'test' | 'prod'
  readonly startedAt: number
  readonly now: () => number
  readonly stops: StopStore
  readonly engine: PolicyEngine
  readonly policyFile: string
  /** Why the file on disk is not the policy in force, when it is not. */
  readonly policyProblem: () => string | undefined
  readonly grants: GrantBook
  readonly ledger: Ledger
  readonly ledgerDirectory: string
  readonly witness: string | undefined
  readonly probe: () => Promise<Probe>
  /** The self-tests of this boot. */
  readonly tests: () => StatusAnswer['sandbox']['tests']
  /** What keeps the daemon's own memory from others. */
  readonly memory: () => StatusAnswer['memory']
  /** Questions, who watches, and how often people are asked. */
  readonly approvals: () => StatusAnswer['approvals']
  readonly egress: () => StatusAnswer['egress']
  readonly socket: () => { readonly path: string; readonly peerUid: boolean }
  readonly runs: Runs
}

const MOST_UNSETTLED = 100

/** What is in force right now: asked, not remembered. */
export function statusHandlers(options: StatusOptions): Pick<Handlers, 'status' | 'runs' | 'daemon'> {
  const { runs, ledger, engine, grants, stops, now } = options
  const daemon = () => ({
    version: options.version,
    pid: process.pid,
    profile: options.profile,
    startedAt: new Date(options.startedAt).toISOString(),
    ...readStops(stops),
    socket: options.socket(),
  })
  return {
    daemon: () => ({ ...daemon(), watchers: options.approvals().watchers }),
    runs: () => ({ runs: runs.live().map(runAnswer) }),
    async status() {
      const health = ledger.health()
      const probe = await options.probe()
      const live = runs.live()
      const unsettled = ledger.query({ unsettled: true, limit: MOST_UNSETTLED }).length
      const problem = options.policyProblem()
      return {
        ...daemon(),
        policy: {
          file: options.policyFile,
          digest: engine.digest(),
          epoch: engine.epoch(),
          rules: engine.policy().source.value.rules?.length ?? 0,
          grants: grants.list(now()).filter(({ state }) => state === 'live').length,
          ...(problem === undefined ? {} : { problem }),
        },
        ledger: {
          ok: health.ok,
          directory: options.ledgerDirectory,
          seq: health.head.seq,
          head: health.head.hash,
          ...(options.witness === undefined ? {} : { witness: options.witness }),
          degraded: [...(health.ok ? [] : [health.why]), ...health.degraded],
        },
        sandbox: {
          driver: probe.driver,
          available: probe.available,
          level: levelOf(probe),
          guarantees: probe.guarantees.map((each) => ({ ...each })),
          tests: options.tests(),
        },
        memory: options.memory(),
        approvals: options.approvals(),
        egress: options.egress(),
        runs: live.map(runAnswer),
        // those of runs that go on are not overdue
        unsettled: Math.max(0, unsettled - live.length),
        degraded: [
          ...(options.witness === undefined
            ? ['no witness: a cut tail of the ledger would not be noticed (set audit.witness)']
            : []),
          ...(health.ok ? [] : [`ledger: ${health.why}`]),
          ...health.degraded,
          ...grants.problems(),
          ...options.approvals().problems,
          ...egressProblems(options.egress()),
        ],
      }
    },
  }
}

function egressProblems({ proxy, problem }: StatusAnswer['egress']): string[] {
  return proxy === 'broken'
    ? [`nothing leaves any sandbox: the egress proxy is broken: ${problem ?? 'it is not known why'}`]
    : []
}

/** A stop file that cannot be read is shown as what it does: everything is stopped. */
function readStops(store: StopStore): Pick<StatusAnswer, 'mode' | 'stops'> {
  try {
    const { all, agents } = store.read()
    const named = Object.entries(agents).map(([agent, stop]) => ({ agent, ...stop }))
    const whole = all === undefined ? [] : [{ agent: 'all agents', ...all }]
    return { mode: all === undefined ? 'normal' : 'manual', stops: [...whole, ...named] }
  } catch (error) {
    return {
      mode: 'manual',
      stops: [{ agent: 'all agents', since: '', by: 'warder', reason: messageOf(error) }],
    }
  }
}

function runAnswer({ running, workspace, spec }: LiveRun): StatusAnswer['runs'][number] {
  return {
    run: running.runId,
    agent: running.agent,
    profile: running.profile,
    workspace,
    command: spec.argv[0] ?? '', // arguments may hold secrets
    startedAt: new Date(running.startedAt).toISOString(),
    processes: running.stats().processes,
    terminal: spec.terminal,
  }
}
