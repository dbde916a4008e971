import { openSync, closeSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { DeliveryAnswer } from '../api/outbox.ts'
import { formatSize } from '../core/quantity.ts'
import {
  collectOutbox,
  Deliveries,
  type Delivery,
  type OutboxResult,
  type OutboxScan,
  type TakeOutbox,
} from '../enforce/sandbox/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { SettingValues } from '../platform/settings.ts'
import type { Acts } from './acts.ts'
import type { Handlers } from './http/app.ts'
import { CHANGES_DOOR, workspaceAt } from './workspace-paths.ts'

export interface OutboxesOptions {
  readonly values: Pick<SettingValues, 'paths.state'>
  /** Directories of Warder's own; nothing is put into one of them. */
  readonly own: readonly string[]
  readonly acts: Acts
  /** Masks what has the shape of a secret: a file it would change does not come out. */
  readonly redact: (text: string) => string
  readonly record: (event: GateEvent) => Promise<unknown>
  readonly now: () => number
}

/** What tasks in containers leave for their owner: taken out, scanned, kept, and given away on one word of the owner's. */
export function openOutboxes(options: OutboxesOptions) {
  const { own, acts, record, now } = options
  const deliveries = new Deliveries(join(options.values['paths.state'], 'outbox'))
  const takeOutbox: TakeOutbox = async ({ runId, agent, spec }, folder) => {
    const { totalBytes, files } = spec.outbox ?? { totalBytes: 0, files: 0 }
    const to = deliveries.placeFor(runId)
    const limits = { totalBytes, files }
    const result = await collectOutbox({ from: folder, to, limits, scan: secretScan(options.redact) })
    if (result.taken && result.manifest.files.length === 0) {
      deliveries.drop(runId)
      return undefined
    }
    // on record first: results nobody can be told the origin of are no results
    await recorded(record, deliveryEvent(runId, agent, result), () => deliveries.drop(runId))
    if (result.taken) deliveries.keep(runId, agent, now())
    return inWords(agent, result)
  }
  const handlers: Pick<Handlers, 'outboxList' | 'outboxShow' | 'outboxTake'> = {
    outboxList: ({ agent }) => ({ deliveries: deliveries.list(agent).map(answerOf) }),
    outboxShow: ({ agent, run }) => answerOf(deliveries.find(agent, run)),
    async outboxTake({ agent, run, to }, { credential }) {
      const delivery = deliveries.find(agent, run)
      const target = join(workspaceAt(join(to, '..'), own), to.slice(to.lastIndexOf('/') + 1))
      const asked = {
        credential,
        namespace: 'fs',
        verb: 'write',
        resource: target,
        risk: 'medium' as const,
        reason: `take the results of ${agent} from run ${delivery.runId}`,
        input: {
          run: delivery.runId,
          files: delivery.manifest.files.map(({ sha256 }) => sha256),
          to: target,
        },
      }
      const { verdict } = await acts.act(asked, CHANGES_DOOR, () => deliveries.take(delivery, target))
      const { entry } = verdict
      return { to: target, delivery: answerOf(delivery), ...(entry === undefined ? {} : { entry }) }
    },
  }
  return { takeOutbox, handlers }
}

async function recorded(
  record: OutboxesOptions['record'],
  event: GateEvent,
  takeBack: () => void,
): Promise<void> {
  try {
    await record(event)
  } catch (error) {
    takeBack()
    throw error
  }
}

const CHUNK_BYTES = 1024 * 1024
/** A secret that lies across two chunks is found in the second, which begins with the end of the first. */
const OVERLAP_BYTES = 8 * 1024

/** Looks for what has the shape of a secret, in text and in what only looks like text. */
function secretScan(redact: (text: string) => string): OutboxScan {
  return async ({ name }, copy) => {
    if (redact(name) !== name) return 'its name holds what looks like a secret'
    const source = openSync(copy, 'r')
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES + OVERLAP_BYTES)
      let kept = 0
      for (;;) {
        const read = readSync(source, chunk, kept, CHUNK_BYTES, null)
        if (read === 0) return undefined
        const text = chunk.toString('latin1', 0, kept + read)
        if (redact(text) !== text) return 'it holds what looks like a secret'
        kept = Math.min(OVERLAP_BYTES, kept + read)
        chunk.copy(chunk, 0, text.length - kept, text.length)
      }
    } finally {
      closeSync(source)
    }
  }
}

function answerOf({ runId, agent, deliveredAt, manifest }: Delivery): DeliveryAnswer {
  return {
    run: runId,
    agent,
    deliveredAt: new Date(deliveredAt).toISOString(),
    totalBytes: manifest.totalBytes,
    files: manifest.files.map((file) => ({ ...file })),
  }
}

function inWords(agent: string, result: OutboxResult): string {
  if (!result.taken) {
    const [first] = result.refused
    const more = result.refused.length > 1 ? `, and ${result.refused.length - 1} more` : ''
    return `nothing came out of its outbox: ${first?.name ?? '.'}: ${first?.why ?? 'refused'}${more}`
  }
  const { files, totalBytes } = result.manifest
  const count = files.length === 1 ? '1 file' : `${files.length} files`
  return `${count} (${formatSize(totalBytes)}) came out of its outbox: warder outbox show ${agent}`
}

function deliveryEvent(runId: string, agent: string, result: OutboxResult): GateEvent {
  const about = result.taken
    ? {
        files: result.manifest.files.length,
        bytes: result.manifest.totalBytes,
        sha256: result.manifest.files
          .map((file) => `${file.sha256} ${file.name}`)
          .join('\n')
          .slice(0, 4000),
      }
    : {
        refused: result.refused
          .map(({ name, why }) => `${name}: ${why}`)
          .join('\n')
          .slice(0, 4000),
      }
  return {
    event_type: 'file',
    agent,
    action: 'outbox:deliver',
    target: runId,
    capabilities_used: [],
    decision: '',
    decision_id: '',
    layer: 'sandbox',
    permit_id: '',
    reason: result.taken
      ? 'the results of a task were scanned and kept'
      : 'the results of a task were refused',
    request_id: '',
    result: result.taken ? 'success' : 'violation',
    risk_level: 'low',
    rule: 'sandbox.outbox',
    details: { run: runId, ...about },
  }
}
