import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { newId } from '../../core/id.ts'
import { isAtLeast, levelOf, type Level } from './level.ts'
import { createDriverChoice } from './level-choice.ts'
import { membersOf } from './processes.ts'
import { specDigest, type Limits, type SandboxSpec } from './spec.ts'
import type { RunExit, Running, SandboxDriver, StartOptions } from './driver.ts'

/** What a spec of the contract asks for. */
export interface ContractRequest {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly terminal?: boolean
  readonly limits?: Partial<Limits>
}

export interface DriverUnderContract {
  readonly name: string
  /** The level it must reach where the contract runs. */
  readonly level: Level
  readonly create: () => SandboxDriver
  /** True where nothing is missing: then a driver that cannot be used is broken, and its promises are not skipped. */
  readonly mustWork?: () => boolean
  /** A spec as a real run's, with a writable `workspace` of its own. */
  readonly prepare: (t: TestContext) => {
    readonly workspace: string
    readonly spec: (request: ContractRequest) => SandboxSpec
  }
}

/** What every driver promises at its own level, whatever it is built from. */
export function driverContract({ name, level, create, mustWork, prepare }: DriverUnderContract): void {
  const bare = create()
  // as the program uses it: behind the choice, which looks at level and digest
  const driver = createDriverChoice([bare])

  /** One promise; skipped, out loud, where the driver cannot work at all. */
  const promise = (what: string, keep: (t: TestContext, at: ReturnType<typeof prepare>) => Promise<void>) => {
    void test(`${name}: ${what}`, async (t) => {
      const { available, guarantees } = await driver.lastProbe()
      assert.ok(available || mustWork?.() !== true, `it should work here and does not: ${guarantees[0]?.why}`)
      if (!available) return t.skip(`it cannot be used here (${guarantees[0]?.why}): NOT tried`)
      // what a broken promise leaves would keep this process from its end
      t.after(() => Promise.allSettled([...begun].map((run) => run.kill('its test is over'))))
      await keep(t, prepare(t))
    })
  }
  const begun = new Set<Running>()
  const start = async (spec: SandboxSpec, more: Partial<StartOptions> = {}): Promise<Running> => {
    const run = await driver.start(spec, { runId: newId(), agent: 'contract', ...more })
    begun.add(run)
    void run.exit.finally(() => begun.delete(run))
    return run
  }
  const finish = async (spec: SandboxSpec, input = ''): Promise<Finished> => {
    const run = await start(spec)
    run.stdin.end(input)
    const [stdout, stderr, exit] = await Promise.all([text(run.stdout), text(run.stderr), run.exit])
    return { run, stdout, stderr, exit }
  }
  const sh = (script: string): readonly string[] => ['/bin/sh', '-c', script]

  promise('reaches its level by what it found in force', async () => {
    const probe = await driver.lastProbe()
    assert.ok(
      isAtLeast(levelOf(probe), level),
      JSON.stringify(probe.guarantees.filter(({ inForce }) => !inForce)),
    )
    for (const { why } of probe.guarantees) assert.notEqual(why, '')
  })

  promise('tells how the command ended', async (_t, at) => {
    for (const [script, code] of [
      ['exit 0', 0],
      ['exit 7', 7],
      ['kill -TERM $$', 143],
    ] as const) {
      const { exit } = await finish(at.spec({ argv: sh(script) }))
      assert.deepEqual([exit.reason, exit.code], ['exited', code], script)
      assert.ok(exit.durationMs > 0)
    }
  })

  promise('carries input, output and error apart, whole', async (_t, at) => {
    const input = 'line\n'.repeat(20_000)
    const { stdout, stderr } = await finish(at.spec({ argv: sh('cat; echo "not this" >&2') }), input)
    assert.equal(stdout, input)
    assert.equal(stderr, 'not this\n')
  })

  promise('hands arguments over unchanged', async (_t, at) => {
    const words = ['', ' ', "'", '"', '$HOME', '`id`', '\\', '--help', '-', '*', 'a\nb', 'ü', '%s', '\u0001']
    const { stdout } = await finish(at.spec({ argv: ['/usr/bin/printf', '%s\\0', ...words] }))
    assert.deepEqual(stdout.split('\0').slice(0, -1), words)
  })

  promise('gives exactly the environment of the spec', async (_t, at) => {
    const secret = 'CONTRACT_NOT_FOR_INSIDE'
    process.env[secret] = 'leaked'
    const spec = at.spec({ argv: ['/usr/bin/env', '-0'], env: { PASSED: 'a b\n=c' } })
    const { stdout } = await finish(spec)
    delete process.env[secret]
    const seen = new Map(
      stdout
        .split('\0')
        .filter(Boolean)
        .map((line) => split(line)),
    )
    assert.deepEqual([...seen.keys()].toSorted(), Object.keys(spec.env).toSorted())
    const memory = spec.mounts.filter(({ type }) => type === 'memory').map(({ path }) => path)
    for (const [name_, value] of Object.entries(spec.env)) {
      // a driver without mounts of its own leads what lies in memory elsewhere, and only that
      const mayMove = memory.some((path) => value === path || value.startsWith(`${path}/`))
      if (!mayMove || isAtLeast(level, 'container')) assert.equal(seen.get(name_), value, name_)
      else assert.match(seen.get(name_) ?? '', /^\//)
    }
  })

  promise('begins in the working directory, with the umask, and may write there', async (_t, at) => {
    const spec = at.spec({ argv: sh('pwd; umask; echo made > made; mkdir d; cat made') })
    const { stdout } = await finish({ ...spec, ...redigest({ ...spec, umask: 0o027 }) })
    assert.equal(stdout, `${at.workspace}\n0027\nmade\n`)
    assert.equal(readFileSync(join(at.workspace, 'made'), 'utf8'), 'made\n')
  })

  promise('gives a terminal of its own, with a size that changes', async (_t, at) => {
    const spec = at.spec({
      argv: sh(
        'test -t 0 && test -t 1 && stty size; trap "stty size; exit 5" WINCH; echo waiting; while :; do sleep 0.05; done',
      ),
      terminal: true,
    })
    const run = await start(spec, { terminal: { columns: 91, rows: 23 } })
    let said = ''
    const waits = Promise.withResolvers<void>()
    run.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk)
      if (said.includes('waiting')) waits.resolve()
    })
    await Promise.race([waits.promise, run.exit])
    run.resize({ columns: 101, rows: 33 })
    assert.equal((await run.exit).code, 5, said)
    assert.match(said, /23 91\r?\n[\s\S]*33 101/)
  })

  promise('passes a signal to the command', async (_t, at) => {
    const run = await start(
      at.spec({ argv: sh('trap "echo caught; exit 9" USR1; echo ready; while :; do sleep 0.05; done') }),
    )
    const out = text(run.stdout)
    await ready(run)
    run.signal('SIGUSR1')
    assert.equal((await run.exit).code, 9)
    assert.match(await out, /caught/)
  })

  promise(
    'holds the command back until everything is known, and runs nothing when that fails',
    async (_t, at) => {
      const mark = join(at.workspace, 'ran')
      const spec = at.spec({ argv: sh(`echo > ${mark}`) })
      const state: { init?: number } = {}
      const refusal = start(spec, {
        onBuilt: ({ init }) => {
          state.init = init.pid
          assert.ok(existsSync(`/proc/${init.pid}`))
          throw new Error('not this one')
        },
      })
      await assert.rejects(refusal, /not this one|could not be built/)
      await gone(() => state.init !== undefined && !existsSync(`/proc/${state.init}`))
      assert.equal(existsSync(mark), false)
    },
  )

  promise('stops everything and lets it go on', async (_t, at) => {
    const run = await start(
      at.spec({ argv: sh('(while :; do echo x >> log; sleep 0.01; done) & echo ready; wait') }),
    )
    await ready(run)
    const log = join(at.workspace, 'log')
    const size = () => (existsSync(log) ? readFileSync(log).length : 0)
    await gone(() => size() > 4)
    await run.freeze()
    const frozen = size()
    await sleep(80)
    assert.equal(size(), frozen)
    await run.thaw()
    await gone(() => size() > frozen)
    await run.kill()
    assert.equal((await run.exit).reason, 'killed')
  })

  promise('stops who is just starting another', async (_t, at) => {
    // a shell waits in the kernel until its child has become another program, which a stopped child never does
    const run = await start(at.spec({ argv: sh('echo ready; while :; do /bin/true; done') }))
    await ready(run)
    for (let time = 0; time < 40; time += 1) {
      await run.freeze()
      await run.thaw()
      await sleep(1)
    }
    await run.kill()
    assert.equal((await run.exit).reason, 'killed')
  })

  promise('ends everything at once, frozen or not, and leaves nothing', async (_t, at) => {
    for (const isFrozen of [false, true]) {
      const run = await start(
        at.spec({
          argv: sh(
            'for i in 1 2 3 4 5; do setsid sleep 77 & (trap "" TERM HUP; sleep 77) & done; echo ready; wait',
          ),
        }),
      )
      await ready(run)
      assert.ok(run.stats().processes > 5)
      const members = membersOf(run.init)
      if (isFrozen) await run.freeze()
      const receipt = await run.kill('enough')
      assert.ok(receipt.processesBefore > 5, `${receipt.processesBefore} processes`)
      assert.equal(receipt.processesAfter, 0)
      const exit = await run.exit
      assert.deepEqual([exit.reason, exit.note], ['killed', 'enough'])
      await gone(() => members.every(({ pid, startTime }) => !isStill(pid, startTime)))
      assert.equal(run.stats().processes, 0)
    }
  })

  promise('ends what the command leaves running', async (_t, at) => {
    const run = await start(at.spec({ argv: sh('setsid sleep 78 & echo ready; read line') }))
    await ready(run)
    await gone(() => run.stats().processes > 1)
    const members = membersOf(run.init)
    run.stdin.end('\n')
    assert.equal((await run.exit).code, 0)
    await gone(() => members.every(({ pid, startTime }) => !isStill(pid, startTime)))
  })

  promise('ends a run at its time and at its output', async (_t, at) => {
    const long = await finish(at.spec({ argv: sh('sleep 60 & sleep 60'), limits: { wallMs: 300 } }))
    assert.equal(long.exit.reason, 'timeout')
    const flood = await finish(
      at.spec({ argv: sh('while :; do echo flood; done'), limits: { outputBytes: 5000 } }),
    )
    assert.equal(flood.exit.reason, 'output')
    assert.equal(flood.stdout.length + flood.stderr.length, 5000)
    assert.equal(flood.run.stats().outputBytes, 5000)
  })

  promise('tells of every limit whether it holds, and those it says hold do', async (_t, at) => {
    const limits = { openFiles: 40, fileBytes: 1_048_576, wallMs: 60_000, outputBytes: 1_000_000 }
    const { run, stdout } = await finish(
      at.spec({
        argv: sh('ulimit -n; ulimit -c; head -c 2000000 /dev/zero > big 2>/dev/null; wc -c < big'),
        limits,
      }),
    )
    const names = [
      'memory',
      'processes',
      'cpu',
      'open-files',
      'file-size',
      'core-dumps',
      'wall-clock',
      'output',
    ]
    assert.deepEqual(run.limits.map((report) => report.name).toSorted(), names.toSorted())
    for (const { inForce, note, name: limit } of run.limits) assert.ok(inForce || note !== undefined, limit)
    assert.equal(stdout, '40\n0\n1048576\n')
  })

  promise(
    'starts nothing for a spec that was altered, or that another filter was meant for',
    async (_t, at) => {
      const spec = at.spec({ argv: sh('echo > ran') })
      const altered: readonly SandboxSpec[] = [
        { ...spec, argv: sh('echo > ran; echo more') },
        { ...spec, limits: { ...spec.limits, openFiles: 99_999 } },
        { ...spec, minimumLevel: spec.minimumLevel === 'full' ? 'landlock' : 'full' },
        { ...spec, digest: `sha256:${'0'.repeat(64)}` },
      ]
      for (const each of altered) await assert.rejects(start(each), { code: 'SANDBOX_CHANGED' })
      assert.equal(existsSync(join(at.workspace, 'ran')), false)
    },
  )

  promise('starts nothing when a requirement is not kept, and says which', async (_t, at) => {
    const { guarantees } = await driver.lastProbe()
    const lacking = guarantees.find(({ inForce }) => !inForce)?.name ?? 'spawn-records'
    const spec = at.spec({ argv: sh('echo > ran') })
    const refused = start(redigest({ ...spec, requires: [...spec.requires, lacking] }))
    await assert.rejects(refused, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'SANDBOX_UNENFORCEABLE')
      assert.match(error.message, new RegExp(lacking))
      return true
    })
    assert.equal(existsSync(join(at.workspace, 'ran')), false)
  })

  promise('starts nothing when a place was exchanged since the decision', async (_t, at) => {
    const spec = at.spec({ argv: sh('echo > ran') })
    const mounts = spec.mounts.map((mount) =>
      mount.type === 'bind' && mount.path === at.workspace && mount.identity !== undefined
        ? { ...mount, identity: { ...mount.identity, inode: '1' } }
        : mount,
    )
    await assert.rejects(start(redigest({ ...spec, mounts })), { code: 'SANDBOX_CHANGED' })
    assert.equal(existsSync(join(at.workspace, 'ran')), false)
  })

  promise('leaves no descriptor of a run open here', async (_t, at) => {
    await finish(at.spec({ argv: ['/bin/true'] })) // what is opened once and kept
    await sleep(50)
    const before = openHere()
    for (let i = 0; i < 5; i += 1) await finish(at.spec({ argv: ['/bin/true'] }))
    await gone(() => openHere() <= before + 2)
  })
}

interface Finished {
  readonly run: Running
  readonly stdout: string
  readonly stderr: string
  readonly exit: RunExit
}

function redigest(spec: SandboxSpec): SandboxSpec {
  return { ...spec, digest: specDigest(spec) }
}

function split(line: string): readonly [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}

/** Waits for the word; or for the end, when it never comes. */
async function ready(run: Running): Promise<void> {
  const said = Promise.withResolvers<void>()
  const hear = (chunk: Buffer) => {
    if (String(chunk).includes('ready')) said.resolve()
  }
  run.stdout.on('data', hear)
  await Promise.race([said.promise, run.exit])
  run.stdout.off('data', hear)
}

/** Waits until a condition holds. @throws when it never does */
async function gone(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1500 && !holds(); i += 1) await sleep(10)
  assert.ok(holds(), 'it never came to be so')
}

function isStill(pid: number, startTime: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.split(' ').includes(startTime) && !/\) [ZX] /.test(stat)
  } catch {
    return false
  }
}

function openHere(): number {
  return readdirSync('/proc/self/fd').length
}
