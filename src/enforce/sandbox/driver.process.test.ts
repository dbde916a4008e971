import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openNative } from '../../platform/native.ts'
import { driverContract, type ContractRequest } from './driver.contract.ts'
import {
  compile,
  createBubblewrapDriver,
  createLandlockDriver,
  diskLookup,
  profileSchema,
  seccompDigestHere,
  specDigest,
  type MinimumLevel,
  type SandboxSpec,
} from './index.ts'
import { nativeDirectory } from './native-programs.ts'

const native = openNative()
const LAUNCHER = join(nativeDirectory(), 'confine')
const AGENT = process.getuid?.() === 0 ? 23456 : (process.getuid?.() ?? 65534)

driverContract({
  name: 'bubblewrap',
  level: 'full',
  create: () => createBubblewrapDriver({ native }),
  // whether ordinary users may make namespaces here is only known by trying
  mustWork: () => false,
  prepare: (t) => site(t, 'full'),
})
driverContract({
  name: 'landlock',
  level: 'landlock',
  create: () => createLandlockDriver({ native }),
  mustWork: () => existsSync(LAUNCHER) && Number(execFileSync(LAUNCHER, ['abi'], { encoding: 'utf8' })) >= 1,
  prepare: (t) => site(t, 'landlock'),
})

test('each driver goes by the name its contract is tried under', () => {
  assert.equal(createBubblewrapDriver({ native }).name, 'bubblewrap')
  assert.equal(createLandlockDriver({ native }).name, 'landlock')
})

function site(t: TestContext, level: MinimumLevel) {
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
      minimum_level: level,
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
    const whole = { ...compiled, minimumLevel: level, limits: { ...compiled.limits, ...limits } }
    return { ...whole, digest: specDigest(whole) }
  }
  return { workspace, spec }
}
