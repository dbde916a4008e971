/**
 * Starts sandboxes until it is killed: `node control-starter.test-kit.ts ROOT MARK COUNT`. Says a line for each it is
 * about to start, and `all` when all of them run.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { newId } from '../../core/id.ts'
import type { Permit, PermitDesk } from '../../core/permit.ts'
import { systemClock } from '../../platform/clock.ts'
import { openNative } from '../../platform/native.ts'
import {
  compile,
  createBubblewrapDriver,
  createSandboxDoor,
  diskLookup,
  fileRegistry,
  presets,
  seccompDigestHere,
} from './index.ts'

const [root = '', mark = '', count = '1'] = process.argv.slice(2)
const desk: PermitDesk = { redeem: () => undefined, settle: async () => undefined }
const driver = createBubblewrapDriver({ native: openNative() })
const registry = fileRegistry(join(root, 'runs'))
const door = createSandboxDoor({ driver, desk, clock: systemClock, registry })
const user = { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, name: 'starter' }

async function startOne(i: number): Promise<void> {
  const workspace = join(root, `work-${i}`)
  mkdirSync(workspace)
  const script = `for i in 1 2 3; do setsid sleep ${mark} & done; sleep ${mark}`
  const spec = compile(
    presets().get('agent')!,
    {
      argv: ['/bin/sh', '-c', script],
      workspace,
      env: { PATH: '/usr/bin' },
      home: root,
      user,
      reach: [],
      exclusions: [],
      seccompDigest: seccompDigestHere,
    },
    diskLookup,
  )
  console.log(`start ${i}`)
  await door.open({} as Permit, { ...spec, requires: [] }, { runId: newId(), agent: 'starter' })
}

/** Several are always under way, each somewhere else in its start. */
const next = { number: 0 }
async function startOneAfterTheOther(): Promise<void> {
  while (next.number < Number(count)) await startOne(next.number++)
}

await Promise.all(Array.from({ length: 4 }, startOneAfterTheOther))
console.log('all')
setInterval(() => undefined, 1e6)
