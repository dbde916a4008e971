/**
 * Writes every generated file: `npm run docs`. With `--check` it writes nothing and fails when one is out of date.
 * The states in docs/controls.md are those of the last whole `npm test`. What a page shows as output of a program is
 * what the program wrote: `<!-- output:NAME -->` is filled from `.test-results/NAME.txt`, which `npm run NAME` leaves.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { lastOutcomes, writeControlsPage } from './controls.ts'
import { staleDocs, writeGenerated } from './generated.ts'
import { ROOT } from './project.ts'

process.chdir(ROOT)
if (process.argv.includes('--check')) {
  const problem = await staleDocs()
  console.log(problem ?? 'docs: up to date')
  process.exitCode = problem === undefined ? 0 : 1
} else {
  const { written, problems } = await writeGenerated()
  fillOutputs('README.md')
  const outcomes = lastOutcomes()
  if (outcomes.length > 0) writeControlsPage(outcomes)
  else console.log('docs/controls.md keeps its states: there was no whole test run')
  console.log(written.length === 0 ? 'docs: up to date' : `docs: wrote ${written.join(', ')}`)
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
}

function fillOutputs(path: string): void {
  const page = readFileSync(path, 'utf8')
  const filled = page.replaceAll(
    /(<!-- output:([a-z]+) -->\n)[\s\S]*?(<!-- \/output -->)/g,
    (whole: string, open: string, name: string, close: string) => {
      const transcript = `.test-results/${name}.txt`
      if (!existsSync(transcript)) return whole
      const text = stripVTControlCharacters(readFileSync(transcript, 'utf8')).trimEnd()
      return `${open}\n\`\`\`text\n${text}\n\`\`\`\n\n${close}`
    },
  )
  if (filled !== page) writeFileSync(path, filled)
}
