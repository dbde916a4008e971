import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformance, withToken } from '../kit/mcp-conformance.ts'
import { startFixture, startFront } from '../kit/mcp-front.ts'

/**
 * What the bare server passes at least: without it a firewall that lets nothing pass would look the same as none. With
 * version 0.2.0-alpha.12 of the suite the fixture passes 81 checks (30 scenarios required, 3 more run) and 148 (37 and
 * 13); a few of them the suite leaves out when it has nothing to look at, such as a stream that was not needed.
 */
const LEAST = { '2025-11-25': 78, '2026-07-28': 144 } as const

for (const revision of ['2025-11-25', '2026-07-28'] as const) {
  test(`the official suite finds the same of a server behind the firewall as of the bare one: ${revision}`, async (t) => {
    const bare = await startFixture(t)
    const front = await startFront(t, { servers: { fixture: { url: await startFixture(t) } } })
    const through = await withToken(t, {
      port: front.port,
      path: '/mcp/fixture',
      token: front.token('ada'),
    })
    const [ofBare, ofThrough] = await Promise.all([
      conformance(bare, revision),
      conformance(through, revision),
    ])
    t.diagnostic(`bare ${ofBare.passed.size} passed, through ${ofThrough.passed.size} passed`)
    const isTask = (name: string) => name.startsWith('tasks-') // an extension that the fixture does not have
    const wrong = [...ofBare.failed].filter(([name]) => !isTask(name))
    assert.deepEqual(wrong, [], 'the fixture itself is not as the suite wants it')
    assert.ok(ofBare.passed.size >= LEAST[revision], `only ${ofBare.passed.size} checks passed`)
    const lost = [...ofBare.passed].filter((name) => !ofThrough.passed.has(name))
    assert.deepEqual(
      lost.map((name) => [name, ofThrough.failed.get(name)]),
      [],
    )
    assert.deepEqual([...ofThrough.passed].toSorted(), [...ofBare.passed].toSorted())
  })
}
