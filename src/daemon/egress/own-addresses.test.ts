import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { ownAddresses } from './own-addresses.ts'

test('an address of this machine is known as its own, one that came or went is within a second', () => {
  const machine = { now: 0, asked: 0, addresses: ['192.0.2.1', '2001:db8::1'] }
  const isOwn = ownAddresses({ monotonicMs: () => machine.now }, () => {
    machine.asked += 1
    return machine.addresses
  })
  assert.deepEqual(['192.0.2.1', '2001:db8::1', '192.0.2.2'].map(isOwn), [true, true, false])
  assert.equal(machine.asked, 1)
  machine.addresses = ['192.0.2.2']
  machine.now = 999
  assert.equal(isOwn('192.0.2.2'), false)
  machine.now = 1000
  assert.deepEqual(['192.0.2.1', '192.0.2.2'].map(isOwn), [false, true])
})

test('when the kernel cannot be asked nothing is said, and it is asked again', () => {
  const machine = { isBroken: true }
  const isOwn = ownAddresses({ monotonicMs: () => 0 }, () => {
    if (machine.isBroken) throw new Error('no answer')
    return ['192.0.2.1']
  })
  assert.throws(() => isOwn('192.0.2.1'), /no answer/)
  machine.isBroken = false
  assert.equal(isOwn('192.0.2.1'), true)
})

test('what the kernel lists is found', () => {
  const isOwn = ownAddresses({ monotonicMs: () => 0 })
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  assert.ok(all.length > 0)
  for (const { address } of all) assert.equal(isOwn(address), true)
  assert.equal(isOwn('198.51.100.255'), false)
})
