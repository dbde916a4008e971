import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { openNative } from '../../platform/native.ts'
import { driverContract, type ContractRequest } from './driver.contract.ts'
import {
  compile,
  diskLookup,
  profileSchema,
  seccompDigestHere,
  specDigest,
  type SandboxSpec,
} from './index.ts'
import { createPodmanDriver } from './podman-driver.ts'

const native = openNative()
const AGENT = process.getuid?.() === 0 ? 23456 : (process.getuid?.() ?? 65534)
const state = realpathSync(mkdtempSync(join(tmpdir(), 'wp-')))
// an ordinary user is refused where no control groups are delegated, which podman.test.ts looks at; the rest holds for both
const driver = createPodmanDriver({ native, state, limits: 'reported' })
after(async () => {
  if ((await driver.lastProbe()).available) await driver.removeStorage()
  rmSync(state, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
})

driverContract({
  name: 'podman',
  level: 'container',
  create: () => driver,
  // which runtimes and namespaces work here is only known by trying
  mustWork: () => false,
  prepare: site,
})

test('the driver goes by the name its contract is tried under', () => {
  assert.equal(driver.name, 'podman')
})

function site(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'warder-contract-')))
  chmodSync(root, 0o755)
  t.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }))
  const workspace = join(root, 'work')
  mkdirSync(workspace)
  if (process.getuid?.() === 0) chownSync(workspace, AGENT, AGENT)
  const spec = ({ argv, env = {}, terminal = false, limits = {} }: ContractRequest): SandboxSpec => {
    const profile = profileSchema.parse({
      name: 'contract',
      description: 'for the contract of the drivers',
      filesystem: { workspace: 'read-write', temporary_size: '16MiB' },
      network: { mode: 'none' },
      process: { fork: true, max_memory: '512MiB', max_processes: 64, max_open_files: 256 },
      environment: { mode: 'restricted', pass: ['PASSED*'] },
      terminal: true,
      minimum_level: 'container',
    })
    const user = { uid: process.getuid?.() ?? AGENT, gid: process.getgid?.() ?? AGENT, name: 'tester' }
    const compiled = compile(
      profile,
      {
        ...{ argv, workspace, home: join(root, 'home'), user, reach: [], exclusions: [], terminal },
        env: { PATH: '/usr/bin:/bin', ...env },
        seccompDigest: seccompDigestHere,
      },
      diskLookup,
    )
    const whole = {
      ...compiled,
      minimumLevel: 'container' as const,
      limits: { ...compiled.limits, ...limits },
    }
    return { ...whole, digest: specDigest(whole) }
  }
  return { workspace, spec }
}
