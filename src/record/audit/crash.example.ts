import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { writeSync } from 'node:fs'
import { systemCode } from '../../core/error.ts'
import type { AuditEvent } from './entry.ts'
import { openLedger } from './ledger.ts'

const EVENT: AuditEvent = {
  event_type: 'file',
  agent: 'coder',
  action: 'fs:read',
  target: '/srv/data/plan.txt',
  capabilities_used: ['fs:read:/srv/data/**'],
  decision: 'allow',
  details: { bytes: 'ab12', epoch: 3, tainted: false },
  reason: 'the role may read',
  result: 'allowed',
  risk_level: 'low',
}

/**
 * A process that appends without end and says on stdout which entries were acknowledged, or why one was refused, until it
 * is killed. Arguments: directory, witness path, private key as base64 PKCS#8, clients.
 */
const [directory = '', witnessPath = '', key = '', clients = '1'] = process.argv.slice(2)
const privateKey = createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' })
const signer = {
  publicKey: createPublicKey(privateKey),
  sign: (bytes: Uint8Array) => sign(null, bytes, privateKey),
}
const ledger = await openLedger({
  directory,
  hostId: 'test-host',
  signer,
  witnessPath,
  maxSegmentBytes: 2_000_000,
  checkpointEntries: 200,
})
say('ready')
for (let client = 0; client < Number(clients); client++) void append(client)

/** At once, into the pipe: what waits in a buffer dies with the process. A full pipe is waited for. */
function say(line: string): void {
  for (let isSaid = false; !isSaid;) {
    try {
      writeSync(1, `${line}\n`)
      isSaid = true
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error
    }
  }
}

async function append(client: number): Promise<void> {
  for (;;) {
    try {
      const { seq, hash } = await ledger.append({ ...EVENT, target: `client ${client}` })
      say(`${seq} ${hash}`)
    } catch (error) {
      say(`refused ${(error as Error).message}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
