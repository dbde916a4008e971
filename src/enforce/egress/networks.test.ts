import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isIn, parseNetwork, type Network } from './address.ts'
import { atAddress, networkTable } from './networks.ts'

/** Few different bytes, so that addresses often lie in networks, and some networks twice. */
const byte = fc.constantFrom(0, 1, 10, 127, 128, 255)
const bytesOf = (sizeBytes: number) => fc.array(byte, { minLength: sizeBytes, maxLength: sizeBytes })
const address = fc.oneof(bytesOf(4), bytesOf(16)).map((bytes) => Uint8Array.from(bytes))
const network = fc
  .tuple(address, fc.nat(128))
  .map(([bytes, width]): Network => ({ bytes, prefix: width % (bytes.length * 8 + 1) }))

test('a table finds exactly the networks an address is in, in the order they were given', () => {
  const met = { found: 0 }
  fc.assert(
    fc.property(fc.array(network, { maxLength: 40 }), address, (networks, bytes) => {
      const table = networkTable(networks.map((each, at) => [each, at] as const))
      const right = networks.flatMap((each, at) => (isIn(bytes, each) ? [at] : []))
      met.found += right.length
      assert.deepEqual(atAddress(table, bytes), right)
    }),
    { numRuns: 2000 },
  )
  assert.ok(met.found > 100, 'some addresses were in some networks')
})

test('the whole of an address family is a network too, and the other family is not in it', () => {
  const all = ['0.0.0.0/0', '::/0'].map((text) => [parseNetwork(text)!, text] as const)
  assert.deepEqual(atAddress(networkTable(all), Uint8Array.of(192, 0, 2, 1)), ['0.0.0.0/0'])
  assert.deepEqual(atAddress(networkTable(all), new Uint8Array(16)), ['::/0'])
})
