import { SandboxError } from './errors.ts'
import type { StartOptions } from './driver.ts'
import type { TaskOutbox } from './podman-run.ts'
import type { SandboxSpec } from './spec.ts'

/**
 * Takes the results of a task out of a folder, once nobody is left who could change them.
 *
 * @returns what whoever started the task should know
 */
export type TakeOutbox = (
  run: { readonly runId: string; readonly agent: string; readonly spec: SandboxSpec },
  folder: string,
) => Promise<string | void>

/** @throws SandboxError `SANDBOX_UNENFORCEABLE`: results nobody takes would be lost without a word */
export function outboxOf(
  takeOutbox: TakeOutbox | undefined,
  spec: SandboxSpec,
  { runId, agent }: StartOptions,
): TaskOutbox | undefined {
  if (spec.outbox === undefined) return undefined
  if (takeOutbox !== undefined)
    return { path: spec.outbox.path, take: (folder) => takeOutbox({ runId, agent, spec }, folder) }
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `profile ${spec.profile} has an outbox, and nobody here takes results out`,
    'run it through the daemon, or take outbox from the profile',
  )
}

/** Elsewhere it would have no size, or lie on a disk, or could be exchanged by the agent. */
export function refuseOutbox({ mounts }: SandboxSpec, outbox: TaskOutbox | undefined): void {
  if (outbox === undefined) return
  if (mounts.some(({ type, path }) => type === 'memory' && path === outbox.path)) return
  throw new SandboxError(
    'SANDBOX_UNENFORCEABLE',
    `${outbox.path} is no place in memory of its own, so an outbox there would have no limit`,
    'make the spec with withOutbox',
  )
}
