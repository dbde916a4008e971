import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressFrom, classOf, isIn, parseAddress, parseNetwork, type AddressClass } from './address.ts'

const CLASSES: readonly (readonly [AddressClass, ...string[]])[] = [
  [
    'public',
    '1.1.1.1',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '192.167.1.1',
    '223.255.255.255',
  ],
  [
    'public',
    '2606:4700::1111',
    '2a00::1',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
    '2001:0:808:808::f7f7:f7f7',
  ],
  [
    'loopback',
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '64:ff9b::127.0.0.1',
    '2002:7f00:1::',
  ],
  ['loopback', '2001:0:808:808::80ff:fffe', '2606::5efe:7f00:1', '2606::200:5efe:7f00:1'],
  [
    'private',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    'fd00::1',
    'fec0::1',
    '::ffff:10.1.1.1',
    '2002:a00:1::',
  ],
  ['shared', '100.64.0.1', '100.127.255.255'],
  ['link-local', '169.254.1.1', 'fe80::1', 'febf::1', '64:ff9b::169.254.1.1'],
  [
    'metadata',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
  ],
  ['metadata', '2002:a9fe:a9fe::1', '192.0.0.192', 'fd20:ce::254'],
  ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1', '::ffff:224.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['this-machine', '0.0.0.0', '0.1.2.3', '::', '::ffff:0.0.0.0'],
  ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  [
    'reserved',
    '198.18.0.1',
    '198.19.255.255',
    '240.0.0.1',
    '192.0.0.8',
    '64:ff9b:1::1',
    '100::1',
    '4000::1',
    '2001:2::1',
    '5f00::1',
  ],
]

test('every range leads where its registry says', () => {
  for (const [expected, ...addresses] of CLASSES) {
    for (const text of addresses) assert.equal(classOf(parseAddress(text)!), expected, text)
  }
})

test('an address that carries a forbidden one is as forbidden', () => {
  const carriers = [
    (hex: string) => `64:ff9b::${hex}`,
    (hex: string) => `::${hex}`,
    (hex: string) => `::ffff:${hex}`,
    (hex: string) => `2002:${hex}::1`,
    (hex: string) => `2606:4700::5efe:${hex}`,
  ]
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom(...carriers), (text, carry) => {
      const inner = parseAddress(text)!
      const [a = 0, b = 0, c = 0, d = 0] = inner.bytes
      const outer = parseAddress(carry(`${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`))!
      if (classOf(inner) !== 'public') assert.notEqual(classOf(outer), 'public', outer.text)
    }),
    {
      numRuns: 2000,
      examples: [
        ['127.0.0.1', carriers[0]!],
        ['10.0.0.1', carriers[3]!],
        ['169.254.169.254', carriers[1]!],
      ],
    },
  )
})

test('only canonical IPv4 is an address, and none with a zone', () => {
  for (const text of [
    '01.2.3.4',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '0x7f.0.0.1',
    '1.2.3.4 ',
    '',
    '::1%lo',
    'fe80::1%25eth0',
    ':::',
    '1::2::3',
  ]) {
    assert.equal(parseAddress(text), undefined, text)
  }
})

test('an address and its bytes are one', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const address = parseAddress(text)!
      assert.deepEqual(addressFrom(address.bytes), address)
      assert.deepEqual(parseAddress(address.text), address)
    }),
  )
})

test('a network holds what begins like it, and is written without bits behind its prefix', () => {
  const network = parseNetwork('10.16.0.0/12')!
  assert.ok(isIn(parseAddress('10.31.255.255')!.bytes, network))
  assert.ok(!isIn(parseAddress('10.32.0.0')!.bytes, network))
  assert.ok(!isIn(parseAddress('2606::1')!.bytes, network))
  assert.ok(isIn(parseAddress('fd12::1')!.bytes, parseNetwork('fd00::/8')!))
  for (const text of [
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '/8',
    'x/8',
    '::/129',
    '::ffff:10.0.0.0/104',
    '10.0.0.0/8/8',
  ]) {
    assert.equal(parseNetwork(text), undefined, text)
  }
})
