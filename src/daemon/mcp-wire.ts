import { join } from 'node:path'
import { messageOf } from '../core/error.ts'
import type { PolicyEngine } from '../decide/policy/index.ts'
import type { GateEvent, PermitBook, Rooms } from '../gate/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { Ledger } from '../record/audit/index.ts'
import type { Keys } from '../record/sign/index.ts'
import type { Acts } from './acts.ts'
import type { AttachedRun } from './attach.ts'
import { forNoCaller } from './caller.ts'
import { READER, USUAL_PATH } from './hooks-wire.ts'
import { mcpHandlers } from './http/mcp.ts'
import type { McpGateOptions } from './mcp-gate.ts'
import { openMcpPins } from './mcp-pins.ts'
import { WithheldTools } from './mcp-withheld.ts'
import { McpSessions } from './mcp-sessions.ts'
import { McpProcess } from './mcp/process.ts'
import type { Runs } from './runs.ts'
import type { TaintRoom } from './taint.ts'
import { workspaceAt } from './workspace-paths.ts'
import type { Claim } from './workspaces.ts'

export interface McpWiring {
  readonly values: SettingValues
  readonly rooms: Rooms
  readonly permits: PermitBook
  readonly acts: Acts
  readonly engine: PolicyEngine
  readonly approving: Pick<McpGateOptions, 'again' | 'judged'>
  readonly keys: Pick<Keys, 'signer' | 'secret'>
  readonly ledger: Pick<Ledger, 'query'>
  readonly runs: Pick<Runs, 'prepare'>
  readonly taint: TaintRoom
  readonly claim: (agent: string, path: string) => Claim
  /** Warder's own directories. */
  readonly own: readonly string[]
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly lost: (error: unknown) => void
  readonly clock: Clock
  readonly log: Log
}

/** MCP servers, the firewall before them, and the pins of what they say they are. */
export function openMcp(wiring: McpWiring) {
  const {
    values,
    rooms,
    permits,
    acts,
    engine,
    approving,
    keys,
    ledger,
    runs,
    taint,
    append,
    lost,
    clock,
    log,
  } = wiring
  const [now, monotonicMs] = [() => clock.now(), () => clock.monotonicMs()]
  const stateDirectory = values['paths.state']
  const pins = openMcpPins({
    ...{ stateDirectory, ledger, append, lost, acts, now },
    mac: (text) => keys.secret('mcp-pins').mac(text),
    before: (text) => keys.secret('budget').mac(text),
  })
  const process: McpProcess = new McpProcess({
    // the process was started by some call, and answers many
    ask: (session, question) => forNoCaller(() => sessions.ask(session, question)),
    see: (session, kind, names) => sessions.see(session, kind, names),
    approve: (session, asked) => sessions.approve(session, asked),
    event: (session, event) => sessions.event(session, event),
    taint: (session, labels, origin) => sessions.taint(session, labels, origin),
    lost: () => undefined, // each session hears that nothing comes any more
    ...{ clock, log },
  })
  const withheld = new WithheldTools(() => process.forget())
  const sessions: McpSessions = new McpSessions({
    gate: {
      ...{ rooms, permits, taint, monotonicMs, home: wiring.home, reader: READER },
      ...{ again: approving.again, judged: approving.judged },
      path: wiring.environment['PATH'] ?? USUAL_PATH,
    },
    ...{ runs, process, taint, append, lost, now, log, pins: pins.book, withheld },
    claim: (agent, path) => claimed(wiring, agent, path),
    policy: () => engine.policy().source.value,
    receipts: { directory: join(stateDirectory, 'mcp', 'receipts'), signer: keys.signer('receipt') },
    forgetAfterMs: values['permit.lifetime'] + 1000,
  })
  return {
    withheld,
    handlers: { ...pins.handlers, ...mcpHandlers({ sessions, process }) },
    /** The process all of it passes through. */
    facts: () => process.state,
    /** What a client attaches to with a permit: first ours, then everybody's. */
    attaching:
      (attach: (token: string) => Promise<AttachedRun>) =>
      (token: string): Promise<AttachedRun> =>
        sessions.attach(token, attach) ?? attach(token),
    close: async () => {
      await sessions.close()
      await process.end()
    },
  }
}

/** A home directory is no workspace, nor is one Warder keeps its own things in; the session goes on without one. */
function claimed({ own, home, claim, log }: McpWiring, agent: string, path: string): Claim | undefined {
  try {
    const place = workspaceAt(path, own)
    if (place === '/' || `${home}/`.startsWith(`${place}/`))
      throw new Error('a home directory is no workspace')
    return claim(agent, place)
  } catch (error) {
    log.warn(`${path} is not taken as a workspace: ${messageOf(error)}`)
    return undefined
  }
}
