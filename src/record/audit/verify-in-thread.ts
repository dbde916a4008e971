import { Worker } from 'node:worker_threads'
import { messageOf } from '../../core/error.ts'
import { entryPoint } from '../../platform/entry.ts'
import { auditError } from './errors.ts'
import type { Verification, VerifyOptions } from './verify.ts'
import type { VerifierNews } from './verify.thread.ts'

/**
 * The same as `verifyLedger`, on a thread of its own: a daemon that verifies a large ledger goes on answering.
 *
 * @throws AuditError `AUDIT_UNREADABLE` when the thread dies: then nothing is verified
 */
export async function verifyInThread({ onProgress, ...options }: VerifyOptions): Promise<Verification> {
  const worker = new Worker(entryPoint('audit-verifier'), { workerData: options })
  try {
    return await new Promise<Verification>((resolve, reject) => {
      worker.on('message', (news: VerifierNews) => {
        if (news.kind === 'progress') onProgress?.(news.entries)
        else resolve(news.verification)
      })
      worker.on('error', (error) => reject(died(messageOf(error))))
      worker.on('exit', () => reject(died('it ended without an answer')))
    })
  } finally {
    await worker.terminate()
  }
}

function died(why: string): Error {
  return auditError(
    'AUDIT_UNREADABLE',
    `the verifying thread failed: ${why}`,
    'run warder audit verify by itself; until it answers, treat the ledger as not verified',
  )
}
