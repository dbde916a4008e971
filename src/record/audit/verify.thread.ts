import { parentPort, workerData } from 'node:worker_threads'
import { verifyLedger, type Verification, type VerifyOptions } from './verify.ts'

export type VerifierNews =
  | { readonly kind: 'progress'; readonly entries: number }
  | { readonly kind: 'done'; readonly verification: Verification }

const port = parentPort
if (port !== null) {
  const tell = (news: VerifierNews) => port.postMessage(news)
  const options = workerData as Omit<VerifyOptions, 'onProgress'>
  tell({
    kind: 'done',
    verification: await verifyLedger({
      ...options,
      onProgress: (entries) => tell({ kind: 'progress', entries }),
    }),
  })
}
