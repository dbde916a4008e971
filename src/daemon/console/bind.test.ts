import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bindOf } from './bind.ts'

const off = { 'console.listen': 'off', 'console.subnet': undefined, 'auth.mode': 'required' } as const
const at = (listen: string, more: object = {}) => bindOf({ ...off, 'console.listen': listen, ...more })

test('it is off unless somebody says so, and then on this machine alone', () => {
  assert.equal(bindOf(off), undefined)
  const usual = bindOf(off, 0)
  assert.deepEqual([usual?.address, usual?.port, usual?.isLoopback], ['127.0.0.1', 0, true])
  assert.deepEqual(
    ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '192.0.2.7', '::ffff:192.0.2.7', 'x'].map((each) =>
      usual?.isNear(each),
    ),
    [true, true, true, true, false, false, false],
  )
  assert.equal(at('[::1]:9090')?.isLoopback, true)
})

test('any other address needs the network it is for, and log-in', () => {
  const network = { 'console.subnet': '192.0.2.0/24' }
  for (const open of ['0.0.0.0:9090', '192.0.2.1:9090', '[::]:9090', '[2001:db8::1]:9090']) {
    assert.throws(() => at(open), { code: 'CONSOLE_BIND_REFUSED' }, open)
    assert.throws(() => at(open, { ...network, 'auth.mode': 'off' }), { code: 'CONSOLE_BIND_REFUSED' }, open)
    assert.throws(() => at(open, { 'console.subnet': '0.0.0.0/0' }), { code: 'CONSOLE_BIND_REFUSED' }, open)
    assert.equal(at(open, network)?.isLoopback, false)
  }
  const near = at('0.0.0.0:9090', network)!.isNear
  assert.deepEqual(['192.0.2.200', '::ffff:192.0.2.1', '127.0.0.1', '192.0.3.1', '2001:db8::1'].map(near), [
    true,
    true,
    true,
    false,
    false,
  ])
})

test('what is no address, port or network keeps it from starting', () => {
  for (const wrong of [
    '9090',
    'localhost:9090',
    '127.0.0.1',
    '127.0.0.1:70000',
    '::1:9090',
    '[127.0.0.1]:1',
    '',
  ]) {
    assert.throws(() => at(wrong), { code: 'CONSOLE_ADDRESS' }, wrong)
  }
  for (const wrong of ['192.0.2.0', '192.0.2.0/33', 'x/8', '192.0.2.0/24/8', '192.0.2.0/-1']) {
    assert.throws(() => at('0.0.0.0:1', { 'console.subnet': wrong }), { code: 'CONSOLE_ADDRESS' }, wrong)
  }
})
