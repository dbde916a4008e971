import { join } from 'node:path'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../core/error.ts'
import { openDb, type Db } from '../../platform/db.ts'
import { Awake } from './awake.ts'
import { IndexFollower, type IndexNews } from './index-follower.ts'
import { createPrivateFile } from './segments.ts'
import { SegmentStore } from './store.ts'
import { Writer, type Head, type WriterNews } from './writer.ts'

/** So long the next batch is waited for awake, when those who send it do as well. */
const AWAKE_MS = 0.2

export interface WriterData {
  readonly directory: string
  readonly maxSegmentBytes: number
}

/** What the thread is told. A batch is its entries' texts, each ended by a line break; `isAwake`: stay so for the next. */
export type WriterOrder =
  | { readonly kind: 'append'; readonly text: string; readonly isAwake: boolean }
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

function run({ directory, maxSegmentBytes }: WriterData, tell: (news: ThreadNews) => void): void {
  const lock = takeLock(join(directory, 'lock.db'))
  if (lock === undefined) {
    tell({ kind: 'locked' })
    return
  }
  try {
    const store = new SegmentStore(directory)
    const writer = new Writer({ store, maxSegmentBytes, tell })
    const index = new IndexFollower(join(directory, 'index.db'), store, tell)
    const awake = new Awake(AWAKE_MS)
    tell({ kind: 'ready', head: writer.head })
    port!.on('message', (first: WriterOrder) => {
      awake.rest()
      if (serve(first, writer, index, store)) {
        if (first.kind === 'append' && first.isAwake) awake.stay()
        return
      }
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

/** Deals with everything that has arrived, in one go; false when told to close. */
function serve(first: WriterOrder, writer: Writer, index: IndexFollower, store: SegmentStore): boolean {
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
    order = (receiveMessageOnPort(port!) as { message: WriterOrder } | undefined)?.message
  }
  writer.append(batch)
  tidy(store)
  index.wake(writer.head.seq)
  return true
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
