import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { EntryAnswer } from '../../src/api/endpoints.ts'
import { messageOf } from '../../src/core/error.ts'
import { childrenByParent } from '../../src/enforce/sandbox/processes.ts'
import { readRunRecords } from '../../src/enforce/sandbox/registry.ts'
import { DAEMON_FLAGS } from '../../src/platform/entry.ts'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { attachTo, configure, owner, socketOf, type Owner } from '../kit/owner.ts'

// The alarm at the border of runs that are kept in otherwise than by bubblewrap: in a container, and by Landlock alone.
// The daemon stands in a mount namespace in which the stronger ones are not there.

const BUILT = fileURLToPath(new URL('../../dist/warderd.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../../src/daemon/main.ts', import.meta.url))
const PYTHON = '/usr/bin/python3'
const BWRAP = '/usr/bin/bwrap'
const PODMAN = '/usr/bin/podman'
const AGENT = 4321

type Told = EntryAnswer & { readonly details: Readonly<Record<string, unknown>> }

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'NOT tried: only root is told of others'
  const isolated = spawnSync('/usr/bin/unshare', ['--mount', 'true'])
  return isolated.status === 0 ? false : 'NOT tried: no mount namespace can be made here'
}

for (const [level, hidden] of [
  ['landlock', [BWRAP, PODMAN]],
  ['container', [BWRAP]],
] as const) {
  suite(`the alarm at level ${level}`, { skip: whyNot() }, () => {
    const home = house({ after })
    const at = {} as { me: Owner; runs: boolean; why: string }
    const workspace = join(home.home, 'work-of-it')
    const agent = `kept-by-${level}`

    const told = async (rule?: string): Promise<Told[]> =>
      ((await at.me.ledger({ action: 'alert:raise' })) as Told[]).filter(
        (entry) => entry.details['principal'] === agent && (rule === undefined || entry.rule === rule),
      )
    const open = (script: string) =>
      at.me.open({
        ...{ agent, profile: 'loose', workspace, cwd: workspace },
        argv: ['/bin/sh', '-c', script],
      })
    const initOf = () =>
      readRunRecords(join(home.runtime, 'warder/runs')).find((each) => each.agent === agent)?.init?.pid

    before(async () => {
      mkdirSync(workspace)
      chmodSync(home.home, 0o711)
      chownSync(workspace, AGENT, AGENT) // nobody acts as root at these levels
      mkdirSync(join(home.home, '.config/warder/profiles'), { recursive: true, mode: 0o700 })
      configure(
        home,
        'profiles/loose.yaml',
        `name: loose
description: for a test
minimum_level: landlock
filesystem: { workspace: read-write }
network: { mode: none }
process: { fork: true, max_memory: 512MiB, max_processes: 64, max_open_files: 256 }
environment: { mode: none }
`,
      )
      const hides = hidden
        .filter((path) => existsSync(path))
        .map((path) => `mount --bind /dev/null ${path} && mount -o remount,bind,ro ${path} && `)
      const words = [process.execPath, ...DAEMON_FLAGS, existsSync(BUILT) ? BUILT : SOURCE]
      const script = `mount --make-rprivate / && ${hides.join('')}exec "$@"`
      mkdirSync(join(home.runtime, 'warder'), { recursive: true, mode: 0o700 })
      spawn('/usr/bin/unshare', ['--mount', '/bin/sh', '-c', script, 'sh', ...words], {
        ...{ cwd: '/', env: home.environment, detached: true, stdio: 'ignore' },
      }).unref()
      await until(() => home.daemonPid() !== undefined && existsSync(socketOf(home)), 'the daemon')
      at.me = await owner({ after }, home)
      try {
        const { permit, notes } = await open('true')
        await attachTo(at.me.client, permit)
        at.why = notes.join('; ')
        at.runs = at.why.includes(`level ${level}`)
      } catch (error) {
        at.why = messageOf(error)
        at.runs = false
      }
    })

    test('what it does by right is no finding, and what is not seen there is said', async (t) => {
      if (!at.runs) return t.skip(`NOT tried: ${at.why}`)
      const { permit } = await open(
        'for i in 1 2 3; do echo $i > file$i; mkdir -p d; mv file$i d/; (sleep 0.2; touch d/late$i) & done; echo x > $HOME/mine && echo $HOME > temporary; wait; touch done; while [ ! -e end ]; do sleep 0.1; done',
      )
      const ended = attachTo(at.me.client, permit)
      await until(() => readdirSync(workspace).includes('done'), 'its work')
      await new Promise((done) => setTimeout(done, 1200)) // looks at everybody
      const health = await at.me.call('health', {})
      const boundary = health.components.find(({ name }) => name === 'boundary')
      t.diagnostic(`its temporary files lie in ${readFileSync(join(workspace, 'temporary'), 'utf8').trim()}`)
      t.diagnostic(`boundary: ${boundary?.state}, ${boundary?.why}`)
      const says = /without namespaces of their own/.test(boundary?.why ?? '')
      assert.equal(says, level === 'landlock', JSON.stringify(boundary))
      writeFileSync(join(workspace, 'end'), '')
      await ended
      const findings = (await told()).filter(({ rule }) => rule !== 'boundary.stranger-write')
      assert.deepEqual(
        findings.map(({ rule, reason }) => `${rule}: ${reason}`),
        [],
      )
    })

    test('a stranger’s write to its workspace is told', async (t) => {
      if (!at.runs) return t.skip(`NOT tried: ${at.why}`)
      const { permit } = await open('sleep 300')
      attachTo(at.me.client, permit).catch(() => undefined)
      await until(() => initOf() !== undefined, 'the run')
      await until(async () => {
        writeFileSync(join(workspace, '.probe'), '')
        return (await told('boundary.stranger-write')).length > 0
      }, 'the write of a stranger')
    })

    test('whoever traces one of its processes from outside is told, and it is contained', async (t) => {
      if (!at.runs) return t.skip(`NOT tried: ${at.why}`)
      if (!needs(t, PYTHON)) return
      const init = initOf() ?? 0
      await until(() => (childrenByParent().get(init)?.length ?? 0) > 0, 'its first process')
      const pid = childrenByParent().get(init)?.[0]?.pid
      const script = `import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
assert libc.ptrace(16, ${pid}, 0, 0) == 0, ctypes.get_errno()
os.waitpid(${pid}, 0x40000000)
time.sleep(0.2)
libc.ptrace(17, ${pid}, 0, 0)`
      const { status, stderr } = spawnSync(PYTHON, ['-c', script])
      assert.equal(status, 0, String(stderr))
      await until(async () => (await told('boundary.traced')).length > 0, 'the tracer')
      await until(
        async () => (await at.me.call('daemon', {})).stops.some((stop) => stop.agent === agent),
        `${agent} is stopped`,
      )
    })
  })
}
