import { Worker } from 'node:worker_threads'
import { messageOf } from '../../core/error.ts'
import { entryPoint } from '../../platform/entry.ts'
import { makeBell, ring } from './bell.ts'
import { auditError } from './errors.ts'
import { unwritable } from './queue.ts'
import type { Head } from './writer.ts'
import type { ThreadNews, WriterData, WriterOrder } from './writer.thread.ts'

/** The writer's thread, seen from outside. */
export interface WriterThread {
  readonly head: Head
  send(order: WriterOrder): void
  /** Ends the thread after all it was sent; resolves when it is gone. */
  close(): Promise<void>
}

/**
 * Starts the writer's thread and waits until it holds the ledger's lock.
 *
 * @param onDeath the thread ended though nobody asked it to
 * @throws AuditError `AUDIT_LOCKED`, `AUDIT_UNWRITABLE`
 */
export async function startWriter(
  data: Omit<WriterData, 'bell'>,
  onNews: (news: ThreadNews) => void,
  onDeath: (why: string) => void,
): Promise<WriterThread> {
  const bell = makeBell()
  const worker = new Worker(entryPoint('audit-writer'), {
    workerData: { ...data, bell } satisfies WriterData,
  })
  const send = (order: WriterOrder): void => {
    worker.postMessage(order)
    ring(bell)
  }
  const { promise: ready, resolve, reject } = Promise.withResolvers<Head>()
  const { promise: gone, resolve: end } = Promise.withResolvers<void>()
  let isClosing = false
  let death = 'its thread ended'
  worker.on('message', (news: ThreadNews) => {
    if (news.kind === 'ready') resolve(news.head)
    else if (news.kind === 'locked') reject(locked(data.directory))
    else if (news.kind === 'failed') reject(unwritable(news.why))
    else onNews(news)
  })
  worker.on('error', (error) => {
    death = `its thread failed: ${messageOf(error)}`
  })
  worker.on('exit', () => {
    reject(unwritable(death))
    if (!isClosing) onDeath(death)
    end()
  })
  try {
    return {
      head: await ready,
      send,
      close: () => {
        isClosing = true
        send({ kind: 'close' })
        return gone
      },
    }
  } catch (error) {
    isClosing = true
    await worker.terminate()
    throw error
  }
}

function locked(directory: string): Error {
  return auditError(
    'AUDIT_LOCKED',
    `another process writes the ledger in ${directory}`,
    'stop the other one, or send events to it: a ledger has one writer',
  )
}
