import assert from 'node:assert/strict'
import { test } from 'node:test'
import { teeReport, type Signs } from './memory-encryption.ts'

function machine(flags: string, files: Readonly<Record<string, string>> = {}): Signs {
  const all: Readonly<Record<string, string>> = {
    '/proc/cpuinfo': `processor\t: 0\nmodel name\t: sev snp tdx_guest\nflags\t\t: fpu ${flags}\nbugs\t\t: sme\n`,
    ...files,
  }
  return { read: (path) => all[path], isThere: (path) => path in all }
}

test('a flag of the processor is capability, never protection', () => {
  for (const flags of [
    'tme',
    'mktme tme',
    'sme',
    'sme sev sev_es sev_snp',
    'tdx_host_platform',
    'hypervisor sme sev sev_es sev_snp',
  ]) {
    const { tee, host, memory } = teeReport(machine(flags))
    assert.notEqual(tee.active, 'yes', flags)
    assert.ok(
      host.every(({ on }) => on !== 'yes'),
      flags,
    )
    assert.notEqual(memory.active, 'yes', flags)
  }
  assert.deepEqual(teeReport(machine('mktme tme')).memory.capable, ['tme', 'mktme'])
  assert.deepEqual(teeReport(machine('vmx')).memory.capable, [])
})

test('a guest is one by what its kernel made, and by nothing else', () => {
  const { tee } = teeReport(machine('hypervisor sev_snp', { '/dev/sev-guest': '' }))
  assert.deepEqual([tee.type, tee.active], ['amd-sev-snp', 'yes'])
  assert.match(tee.detail, /attestation/)
  for (const [flags, path, type] of [
    ['', '/sys/devices/system/cpu/sev/vmpl', 'amd-sev-snp'],
    ['hypervisor', '/dev/tdx_guest', 'intel-tdx'],
    ['', '/sys/devices/platform/arm-cca-dev', 'arm-cca'],
  ] as const) {
    assert.deepEqual(
      [teeReport(machine(flags, { [path]: '' })).tee.type, teeReport(machine(flags)).tee.type],
      [type, 'none'],
    )
  }
  assert.equal(teeReport(machine('hypervisor tdx_guest')).tee.active, 'yes')
  const unsure = teeReport(machine('hypervisor sev sev_es')).tee
  assert.deepEqual([unsure.type, unsure.active], ['amd-sev-es', 'unknown'])
})

test('a host offers what its kernel has switched on', () => {
  const files = {
    '/sys/module/kvm_amd/parameters/sev': 'Y\n',
    '/sys/module/kvm_amd/parameters/sev_es': 'N\n',
  }
  assert.deepEqual(teeReport(machine('sme sev sev_es sev_snp', files)).host, [
    { type: 'amd-sev-snp', on: 'unknown' },
    { type: 'amd-sev-es', on: 'no' },
    { type: 'amd-sev', on: 'yes' },
  ])
  assert.deepEqual(teeReport(machine('hypervisor sev', files)).host, [])
})

test('what was asked for at the start is told, and only "off" settles it', () => {
  const started = (line: string) => teeReport(machine('sme', { '/proc/cmdline': line })).memory
  assert.deepEqual(
    [started('quiet mem_encrypt=on ro\n').active, started('mem_encrypt=off').active],
    ['unknown', 'no'],
  )
  assert.match(started('mem_encrypt=on').detail, /mem_encrypt=on/)
  assert.doesNotMatch(started('xmem_encrypt=on').detail, /mem_encrypt/)
})

test('a machine without these files has a report all the same', () => {
  const { tee, host, memory } = teeReport({ read: () => undefined, isThere: () => false })
  assert.deepEqual([tee.type, tee.active, host, memory.active], ['none', 'no', [], 'unknown'])
  assert.equal(typeof teeReport().tee.detail, 'string') // this machine's own
})
