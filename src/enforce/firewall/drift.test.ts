import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences, lasting } from './drift.ts'

const TABLE = `table inet warder {
	set management4 {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/8,
			     192.0.2.0/24 }
	}

	set pace4 {
		type ipv4_addr
		flags dynamic,timeout
		elements = { 192.0.2.1 limit rate over 5/second expires 3s,
			     192.0.2.2 limit rate over 5/second expires 4s }
	}

	chain input {
		type filter hook input priority filter; policy drop;
		tcp dport 80 counter packets 7 bytes 420 accept
		tcp dport 81 drop
	}
}
`

test('counters and measured sources are no change; rules, policies and subnets are', () => {
  const stood = lasting(TABLE)
  const later = TABLE.replace('packets 7 bytes 420', 'packets 9 bytes 1').replace(
    '192.0.2.2 limit rate over 5/second expires 4s',
    '192.0.2.3 limit rate over 5/second expires 1s',
  )
  assert.deepEqual(differences(stood, lasting(later)), [])
  const hands: [string, string][] = [
    ['policy drop', 'policy accept'],
    ['192.0.2.0/24', '192.0.0.0/16'],
    ['tcp dport 81 drop', 'tcp dport 82 drop'],
  ]
  for (const [from, to] of hands) {
    const found = differences(stood, lasting(TABLE.replace(from, to)))
    assert.deepEqual(
      found.map(({ sign }) => sign),
      ['-', '+'],
      to,
    )
  }
})

test('a rule that stands twice, or elsewhere, is a change', () => {
  const stood = lasting(TABLE)
  const twice = TABLE.replace('\t\ttcp dport 81 drop\n', '\t\ttcp dport 81 drop\n\t\ttcp dport 81 drop\n')
  assert.deepEqual(differences(stood, lasting(twice)), [
    { sign: '+', chain: 'chain input', line: 'tcp dport 81 drop' },
  ])
  const [first, second] = ['\t\ttcp dport 80 counter packets 7 bytes 420 accept\n', '\t\ttcp dport 81 drop\n']
  assert.equal(differences(stood, lasting(TABLE.replace(first + second, second + first))).length, 1)
})

test('a table that is gone is a change of every line', () => {
  const stood = lasting(TABLE)
  assert.ok(stood.length >= 9)
  assert.equal(differences(stood, lasting('')).length, stood.length)
})
