/** A record that was long in use, written at once before a daemon begins with it. */
import { openRecord } from '../../src/daemon/record.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { hostIdOf } from '../../src/platform/host-id.ts'
import { originOf, type AuditEvent } from '../../src/record/audit/index.ts'
import { Checkpointer } from '../../src/record/audit/checkpointer.ts'
import { createStamp } from '../../src/record/audit/entry.ts'
import { Indexer } from '../../src/record/audit/index-db.ts'
import { recorded } from '../../src/record/audit/record.ts'
import { SegmentStore } from '../../src/record/audit/store.ts'
import { Writer, type WriterNews } from '../../src/record/audit/writer.ts'
import type { House } from './house.ts'

/** What one commit of the writer takes. */
const AT_ONCE = 1024

export interface Past {
  readonly rows: number
  /** Epoch milliseconds of an entry. */
  readonly at: (nth: number) => number
  readonly event: (nth: number) => AuditEvent
  readonly progress?: (written: number) => void
}

/**
 * Writes entries with the ledger's own stamp, redaction, writer, index and signature, in one thread and in batches, so
 * that none of them is waited for alone. The house's daemon must not run yet.
 */
export async function fillLedger({ environment, workspace, home }: House, past: Past): Promise<void> {
  const config = await loadConfig({ env: environment, flags: {}, cwd: workspace, home })
  const directory = config.values['audit.directory']
  const time = { ms: past.at(0) }
  const clock = { now: () => time.ms, monotonicMs: systemClock.monotonicMs }
  const { keys, ledger, redact } = await openRecord(config, clock) // the first entries, and the first signature
  await ledger.close()
  const store = new SegmentStore(directory)
  const writer = new Writer({ store, maxSegmentBytes: config.values['audit.segment_size'], tell: demandAck })
  const index = new Indexer(`${directory}/index.db`)
  const stamp = createStamp(() => time.ms)
  for (let written = 0; written < past.rows; written += AT_ONCE) {
    const many = Math.min(AT_ONCE, past.rows - written)
    const texts = Array.from({ length: many }, (_none, nth) => {
      time.ms = past.at(written + nth)
      return recorded(stamp(past.event(written + nth)), redact).text
    })
    writer.append(texts)
    store.tidy(false)
    index.add(store.read(index.at.seq, AT_ONCE * 2))
    past.progress?.(written + many)
  }
  const checkpointer = new Checkpointer(
    {
      ...{
        directory,
        origin: originOf(hostIdOf()),
        signer: keys.signer('checkpoint'),
        witnessPath: undefined,
      },
      ...{ everyEntries: Infinity, everyMs: Infinity },
    },
    writer.head,
    undefined,
  )
  await checkpointer.now()
  index.close()
  store.close()
}

function demandAck(news: WriterNews): void {
  if (news.kind === 'refused') throw new Error(`the ledger could not be filled: ${news.why}`)
}
