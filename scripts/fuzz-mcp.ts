/**
 * What the tests do 20,000 times, a million times, each night with another seed: `node scripts/fuzz-mcp.ts [SEED]`.
 * `FUZZ_CASES` says how many. The seed that broke something is said, and breaks it again.
 */
import { fuzzMcp } from '../test/kit/mcp-fuzz.ts'

const ROUND = 50_000
const cases = Number(process.env['FUZZ_CASES'] ?? 1_000_000)
const first = Number(process.argv[2] ?? Math.floor(Date.now() / 86_400_000))

for (let round = 0; round * ROUND < cases; round += 1) {
  const seed = first + round
  try {
    const done = await fuzzMcp(Math.min(ROUND, cases - round * ROUND), seed)
    console.log(`seed ${seed}: ${JSON.stringify(done)}`)
  } catch (error) {
    console.error(`seed ${seed} broke something: ${error instanceof Error ? error.stack : String(error)}`)
    process.exit(1)
  }
}
console.log(`${cases} cases, nothing broke and nothing opened`)
