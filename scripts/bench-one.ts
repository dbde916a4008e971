/**
 * One measurement, in a process of its own: what another left on the heap, and how its types shaped the machine code of
 * what both call, would be measured along with it. Started by `bench.ts` with the file and the place of the results.
 */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { BenchResult } from '../bench/result.ts'

const [file = '', results = ''] = process.argv.slice(2)
const module = (await import(pathToFileURL(file).href)) as { run(): Promise<BenchResult[]> }
writeFileSync(results, JSON.stringify(await module.run()))
// what was measured may hold workers or sockets; the results are written, and nothing else is waited for
process.exit()
