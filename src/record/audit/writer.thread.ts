import { join } from 'node:path'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../core/error.ts'
import { openDb, type Db } from '../../platform/db.ts'
import { answered, type Bell } from './bell.ts'
import { IndexFollower, type IndexNews } from './index-follower.ts'
import { createPrivateFile } from './segments.ts'
import { SegmentStore } from './store.ts'
import { Writer, type Head, type WriterNews } from './writer.ts'

/** So long the thread listens for the bell alone after a batch; less than the index waits for a quiet moment. */
const LISTEN_MS = 5

export interface WriterData {
  readonly directory: string
  readonly maxSegmentBytes: number
  /** Rung with every order. */
  readonly bell: Bell
}

/** What the thread is told. A batch is its entries' texts, each ended by a line break. */
export type WriterOrder =
  | { readonly kind: 'append'; readonly text: string }
  | { readonly kind: 'reindex' }
  | { readonly kind: 'close' }

/** What the thread tells. */
export type ThreadNews =
  | WriterNews
  | { readonly kind: 'ready'; readonly head: Head }
  | { readonly kind: 'locked' }
  | { readonly kind: 'failed'; readonly why: string }
  | IndexNews
  | { readonly kind: 'closed' }

const port = parentPort
if (port !== null) run(workerData as WriterData, (news) => port.postMessage(news))

function run({ directory, maxSegmentBytes, bell }: WriterData, tell: (news: ThreadNews) => void): void {
  const lock = takeLock(join(directory, 'lock.db'))
  if (lock === undefined) {
    tell({ kind: 'locked' })
    return
  }
  try {
    const store = new SegmentStore(directory)
    const writer = new Writer({ store, maxSegmentBytes, tell })
    const index = new IndexFollower(join(directory, 'index.db'), store, tell)
    tell({ kind: 'ready', head: writer.head })
    port!.on('message', (first: WriterOrder) => {
      if (serve(first, bell, writer, index, store)) return
      index.close()
      store.close()
      lock.close()
      tell({ kind: 'closed' })
      port!.close()
    })
  } catch (error) {
    tell({ kind: 'failed', why: messageOf(error) })
    lock.close()
  }
}

/**
 * Deals with everything that has arrived, and with what arrives while it listens; false when told to close. To come back
 * through the event loop for every batch takes longer than many a disk needs for a commit.
 */
function serve(
  first: WriterOrder,
  bell: Bell,
  writer: Writer,
  index: IndexFollower,
  store: SegmentStore,
): boolean {
  let order: WriterOrder | undefined = first
  while (order !== undefined) {
    const rung = Atomics.load(bell, 0)
    if (!serveAll(order, writer, index)) return false
    tidy(store)
    index.wake(writer.head.seq)
    order = nextOrder() ?? (answered(bell, rung, LISTEN_MS) ? nextOrder() : undefined)
  }
  return true
}

/** Deals with everything that has arrived, in one go; false when told to close. */
function serveAll(first: WriterOrder, writer: Writer, index: IndexFollower): boolean {
  let batch: string[] = []
  let order: WriterOrder | undefined = first
  while (order !== undefined) {
    if (order.kind === 'append') addTexts(batch, order.text)
    else {
      writer.append(batch)
      batch = []
      if (order.kind === 'close') return false
      index.rebuild()
    }
    // the commit is the clock: whatever came while the last one ran is the next batch
    order = nextOrder()
  }
  writer.append(batch)
  return true
}

function nextOrder(): WriterOrder | undefined {
  return (receiveMessageOnPort(port!) as { message: WriterOrder } | undefined)?.message
}

/** After the acknowledgements: whoever waited for these entries does not wait for this. */
function tidy(store: SegmentStore): void {
  try {
    store.tidy(false)
  } catch {
    // nothing is lost: the entries stay in the write-ahead log, and a disk that cannot be written fails the next commit,
    // whose callers are told
  }
}

function addTexts(batch: string[], text: string): void {
  const texts = text.split('\n')
  for (let at = 0; at + 1 < texts.length; at++) batch.push(texts[at]!)
}

/** Holds an open transaction for life: the lock goes with the process, however it dies, and leaves nothing behind. */
function takeLock(path: string): Db | undefined {
  createPrivateFile(path)
  const db = openDb(path)
  try {
    db.exec('PRAGMA busy_timeout=0')
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch {
    db.close()
    return undefined
  }
}
