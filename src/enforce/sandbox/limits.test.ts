import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RunGroup } from './cgroup.ts'
import { findCgroups, type CgroupHost } from './cgroup-host.ts'
import { limitReports } from './limits.ts'
import type { SandboxSpec } from './spec.ts'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LIMITS = { memoryBytes: 64 * 1024 ** 2, processes: 16, openFiles: 64, fileBytes: 1024, cpuPercent: 150 }
const NONE: CgroupHost = {
  places: new Map(),
  missing: new Map([
    ['memory', 'not delegated'],
    ['pids', 'not delegated'],
    ['cpu', 'not delegated'],
  ]),
}

function specOf(limits: SandboxSpec['limits'], uid: number): SandboxSpec {
  return { limits, host: { uid, gid: uid } } as SandboxSpec
}

function report(host: CgroupHost, spec: SandboxSpec) {
  const reports = limitReports(spec, new RunGroup(host, 'test', spec.limits), host, false)
  return new Map(reports.map((each) => [each.name as string, each]))
}

test('without control groups memory is said not to be limited, with the reason', () => {
  const memory = report(NONE, specOf(LIMITS, 1000)).get('memory')
  assert.equal(memory?.inForce, false)
  assert.equal(memory?.note, 'not delegated')
})

test('without control groups processes are counted by the kernel, except for root, whom it does not count', () => {
  assert.equal(report(NONE, specOf(LIMITS, 1000)).get('processes')?.inForce, true)
  assert.equal(report(NONE, specOf(LIMITS, 0)).get('processes')?.inForce, false)
})

test('a share of a processor cannot be kept by whole processors, and that is said', () => {
  assert.equal(report(NONE, specOf({ ...LIMITS, cpuPercent: 50 }, 1000)).get('cpu')?.inForce, false)
  assert.equal(report(NONE, specOf({ ...LIMITS, cpuPercent: 100 }, 1000)).get('cpu')?.inForce, true)
})

test('time and output are reported only where they are limited', () => {
  assert.ok(!report(NONE, specOf(LIMITS, 1000)).has('wall-clock'))
  const both = report(NONE, specOf({ ...LIMITS, wallMs: 1000, outputBytes: 10 }, 1000))
  assert.ok(both.has('wall-clock') && both.has('output'))
})

test('in a version 2 hierarchy the limits are written where the kernel reads them', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'warder-cgroup-'))
  try {
    const host: CgroupHost = {
      places: new Map([
        ['memory', { version: 2, parent }],
        ['pids', { version: 2, parent }],
        ['cpu', { version: 2, parent }],
      ]),
      missing: new Map(),
    }
    const group = new RunGroup(host, 'run', LIMITS)
    const path = join(parent, `warder-${process.pid}-run`)
    const read = (file: string) => readFileSync(join(path, file), 'utf8')
    assert.equal(read('memory.max'), String(LIMITS.memoryBytes))
    assert.equal(read('memory.swap.max'), '0')
    assert.equal(read('pids.max'), '16')
    assert.equal(read('cpu.max'), '150000 100000')
    await group.join(4242)
    assert.equal(read('cgroup.procs'), '4242')
    assert.deepEqual([...group.limited].sort(), ['cpu', 'memory', 'pids'])
  } finally {
    rmSync(parent, { recursive: true })
  }
})

test('a hierarchy that is not ours to write is reported as missing, controller by controller', () => {
  const host = findCgroups({
    mounts: 'cgroup /nonexistent/memory cgroup rw,memory 0 0\n',
    self: '4:memory:/x\n',
  })
  assert.equal(host.places.size, 0)
  assert.match(host.missing.get('memory') ?? '', /not delegated/)
  assert.match(host.missing.get('pids') ?? '', /no control groups/)
})
