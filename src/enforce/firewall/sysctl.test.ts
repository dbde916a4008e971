import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { look, pathOf, SYSCTLS, type SysctlTree } from './sysctl.ts'
import { applySysctls, rollBackSysctls, sysctlTree } from './sysctl-change.ts'

function kernel(context: TestContext, values: Record<string, string>) {
  const directory = mkdtempSync(join(tmpdir(), 'warder-sysctl-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const root = join(directory, 'proc')
  const file = (key: string) => join(root, ...pathOf(key))
  for (const [key, value] of Object.entries(values)) {
    mkdirSync(dirname(file(key)), { recursive: true })
    writeFileSync(file(key), `${value}\n`)
  }
  return {
    tree: sysctlTree(root),
    kept: join(directory, 'kept'),
    now: (key: string) => readFileSync(file(key), 'utf8').trim(),
  }
}

const FOUND = {
  'net.ipv4.conf.all.accept_redirects': '1',
  'net.ipv4.conf.eth0/5.accept_redirects': '1',
  'net.ipv4.conf.lo.accept_redirects': '0',
  'kernel.unprivileged_bpf_disabled': '2',
  'kernel.core_pattern': '|/usr/lib/crash %p',
}

test('each interface is set for itself, also one with a dot in its name, and stricter is left as it is', (context) => {
  const { tree, kept, now } = kernel(context, FOUND)
  assert.deepEqual(
    look(tree)
      .filter(({ isRight }) => !isRight)
      .map(({ key }) => key)
      .toSorted(),
    ['kernel.core_pattern', 'net.ipv4.conf.all.accept_redirects', 'net.ipv4.conf.eth0/5.accept_redirects'],
  )
  assert.equal(applySysctls(tree, kept, SYSCTLS).length, 3)
  assert.equal(now('net.ipv4.conf.eth0/5.accept_redirects'), '0')
  assert.equal(now('kernel.unprivileged_bpf_disabled'), '2')
  assert.equal(
    look(tree).some(({ isRight }) => !isRight),
    false,
  )
})

test('going back puts the oldest values there, however often it was applied', (context) => {
  const { tree, kept, now } = kernel(context, FOUND)
  applySysctls(tree, kept, SYSCTLS)
  tree.write(['kernel', 'core_pattern'], 'core')
  applySysctls(tree, kept, SYSCTLS)
  assert.equal(rollBackSysctls(tree, kept).length, 3)
  for (const [key, value] of Object.entries(FOUND)) assert.equal(now(key), value)
  assert.deepEqual(rollBackSysctls(tree, kept), [])
})

test('when the kernel refuses one, those before it are put back', (context) => {
  const { tree, kept, now } = kernel(context, FOUND)
  const stubborn: SysctlTree = {
    ...tree,
    write: (key, value) => {
      if (key.at(-1) === 'core_pattern') throw new Error('EPERM')
      tree.write(key, value)
    },
  }
  assert.throws(() => applySysctls(stubborn, kept, SYSCTLS), { code: 'SYSCTL_REFUSED' })
  for (const [key, value] of Object.entries(FOUND)) assert.equal(now(key), value)
})

test('no key leads out of the tree', () => {
  for (const key of [['..', 'etc', 'passwd'], ['a/../../b'], ['']]) {
    assert.throws(() => sysctlTree('/proc/sys').read(key), { code: 'SYSCTL_REFUSED' })
  }
})
