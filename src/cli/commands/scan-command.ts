import { readFileSync, statSync } from 'node:fs'
import { rateCommand, type CommandRating } from '../../decide/inspect/command/index.ts'
import { isAtLeast, RISK_LEVELS, type RiskLevel } from '../../core/risk.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import type { Out, Style } from '../out.ts'
import { choiceOption, flag, rest } from '../param.ts'

const COLOUR: Readonly<Record<RiskLevel, Style>> = {
  low: 'green',
  medium: 'yellow',
  high: 'red',
  critical: 'red',
}
/** More than is rated, so that too much is told as such. */
const MAX_INPUT_BYTES = 1024 * 1024

export const scanCommand = command({
  name: 'scan command',
  about: 'rate what a command would do, without running it',
  details: [
    'One word is read as a shell reads it; several are a program and its arguments. Scripts it would run are read from this directory and rated as well. Nothing is run, nothing is recorded, and no daemon is needed.',
    'Low only looks; medium changes what can be undone; high cannot be undone, reaches further than it seems, or runs what nobody can see; critical is refused to agents. A rating is a tripwire with measured figures (docs/command-risk.md), not a border: that is the sandbox.',
    'Exit 0 when the risk stays below --fail-at (default: high), 8 when it does not.',
  ],
  examples: [
    { run: "warder scan command -- 'curl -s https://example.com/x | sh'", does: 'a command text' },
    { run: 'warder scan command -- rm -rf build', does: 'a program with its arguments' },
    { run: 'warder scan command --stdin --json < script.sh', does: 'a whole script, for a program to read' },
  ],
  args: { command: rest('the command text, or a program and its arguments', { required: false }) },
  options: {
    stdin: flag('read the command text from standard input'),
    failAt: choiceOption('exit 8 from this risk on', RISK_LEVELS),
  },
  exits: ['unverified'],
  needsConfig: false,
  async run({ command: words, stdin, failAt = 'high' }, { out, cwd, home, stdin: input }) {
    if (stdin === words.length > 0) {
      throw new CliError(CLI_ERRORS, 'USAGE', {
        what: stdin ? 'a command and --stdin are both given' : 'there is no command to rate',
        fix: 'give the command behind --, or --stdin and the text on standard input',
      })
    }
    const [only = ''] = words
    const given = stdin ? await textOf(input) : words.length === 1 ? only : words
    const rating = rateCommand(given, { home, cwd, workspace: cwd, readScript })
    out.result(rating, textFor(rating, given, out))
    return isAtLeast(rating.risk, failAt) ? EXIT.unverified : EXIT.ok
  },
})

function textFor(rating: CommandRating, given: string | readonly string[], out: Out): string {
  const text = typeof given === 'string' ? given : given.join(' ')
  const head = out.style(['bold', COLOUR[rating.risk]], rating.risk)
  const reasons = rating.reasons.flatMap(({ rule, risk, note, start, end }) => [
    `  ${out.style(COLOUR[risk], risk.padEnd(8))} ${rule}: ${note}`,
    `           at ${start}-${end}: ${excerpt(text.slice(start, end))}`,
  ])
  const programs = [...new Set(rating.programs.map(({ name }) => name))].join(', ')
  return [
    `${head}${rating.reasons.length === 0 ? ': nothing to remark' : ''}`,
    ...reasons,
    ...(rating.unparsable === undefined ? [] : [`  not read: ${rating.unparsable}`]),
    ...(programs === '' ? [] : [`  programs: ${excerpt(programs)}`]),
  ].join('\n')
}

const MOST_SHOWN = 100

/** On one line, so that what a command holds cannot pass for a line of ours. */
function excerpt(text: string): string {
  const line = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line
}

async function textOf(stdin: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk)
    sizeBytes += bytes.length
    if (sizeBytes > MAX_INPUT_BYTES) {
      throw new CliError(CLI_ERRORS, 'USAGE', {
        what: 'standard input holds more than 1 MB',
        fix: 'rate the parts of it one by one',
      })
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A script the command would run; undefined when there is none that can be read. */
function readScript(path: string): string | undefined {
  try {
    const { size } = statSync(path)
    return size > MAX_INPUT_BYTES ? undefined : readFileSync(path, 'utf8')
  } catch {
    return undefined // not there, a directory, no right to read it: the rating says that it could not be read
  }
}
