import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzMcp } from '../kit/mcp-fuzz.ts'

const CASES = 20_000
const SEED = 20_260_728

test('frames, header fields, definitions and states of any shape break nothing and open nothing', async () => {
  const { frames, forwarded, answered, heads, headsThrough, definitions, definitionsFound, states } =
    await fuzzMcp(CASES, SEED)
  assert.ok(frames + heads + definitions + states >= CASES)
  // what never gets anywhere finds nothing
  for (const some of [
    forwarded / frames,
    answered / frames,
    headsThrough / heads,
    definitionsFound / definitions,
  ])
    assert.ok(some > 0.02, `${some}`)
})
