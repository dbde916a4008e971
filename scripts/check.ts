/** The quick verify, in the test profile, for editors and before a commit: `npm run check`. */
import { runNode } from './process.ts'

const STEPS = ['install', 'types', 'lint', 'format', 'docs', 'project', 'unit']

const { code } = await runNode(['scripts/test.ts', ...STEPS, ...process.argv.slice(2)], {
  timeoutMs: 600_000,
  verbose: true,
  env: { WARDER_PROFILE: 'test' },
})
process.exitCode = code
