import { evaluateCode } from './code.ts'
import { NOTHING, riskOfRunning, union, type Flow } from './flow.ts'
import { say, type Frame, type Invocation } from './frame.ts'
import { optionValues } from './match.ts'
import { INPUT_LANGUAGES, INTERPRETERS, type Interpreter } from './rules/interpreters.ts'
import { runScript } from './script.ts'
import { shown } from './touch.ts'
import type { Field } from './word.ts'

const BY_NAME: ReadonlyMap<string, Interpreter> = new Map(
  INTERPRETERS.flatMap((row) => row.of.split(' ').map((name) => [name, row])),
)

/** A shell takes the first text it is given; others take several. */
const MOST_TEXTS = 8

/** @returns what it writes, when the program is an interpreter; undefined when it is not */
export function runInterpreter(invocation: Invocation, frame: Frame): Flow | undefined {
  const row = BY_NAME.get(invocation.name)
  if (row === undefined) return fromKnownInput(invocation, frame)
  const args = invocation.argv.slice(1)
  const texts = (row.code?.split(' ') ?? []).flatMap((name) => optionValues(args, name))
  const most = row.language === 'shell' ? 1 : MOST_TEXTS
  const inline = texts.slice(0, most).flatMap(({ value }) => (value === undefined ? [] : [value]))
  const operands = operandsOf(row, args)
  if (row.firstIsCode === true && inline.length === 0 && !hasOption(row.file, args))
    inline.push(...operands.slice(0, 1))
  if (inline.length > 0) return ran(inline, row, invocation, frame)
  if (hasOption(row.quiet, args)) return NOTHING
  const [file] = operands
  const isStdin =
    file === undefined || file.text === '-' || file.text === '/dev/stdin' || hasOption(row.stdin, args)
  if (isStdin && row.firstIsCode !== true) return fromInput(row, invocation, frame)
  if (file !== undefined && row.isScript !== false && row.firstIsCode !== true)
    return runFile(row, file, operands, invocation, frame)
  return undefined
}

/** Clients and editors that take commands from their input, when it is known what comes. */
function fromKnownInput({ name, stdin, span }: Invocation, frame: Frame): Flow | undefined {
  const language = Object.hasOwn(INPUT_LANGUAGES, name) ? INPUT_LANGUAGES[name] : undefined
  if (language !== undefined && stdin?.text !== undefined) evaluateCode(stdin.text, language, frame, span)
  return undefined
}

/** What follows the options: a value that belongs to one is not the script. */
function operandsOf({ values }: Interpreter, args: readonly Field[]): Field[] {
  const takesValue = new Set(values?.split(' '))
  for (let i = 0; i < args.length; i++) {
    const { text } = args[i]!
    if (text === '--') return args.slice(i + 1)
    if (text === '-' || !/^[-+]/.test(text)) return args.slice(i)
    if (takesValue.has(text)) i++
  }
  return []
}

function hasOption(names: string | undefined, args: readonly Field[]): boolean {
  return names !== undefined && names.split(' ').some((name) => optionValues(args, name).length > 0)
}

function ran(inline: readonly Field[], row: Interpreter, invocation: Invocation, frame: Frame): Flow {
  let out = NOTHING
  for (const code of inline) {
    const { flow } = code
    if (flow.network || flow.decoded) {
      say(frame, 'flow.run-substituted', riskOfRunning(flow), 'runs a text that was fetched or decoded', code)
    } else if (code.isDynamic && /^["']?[$`]/.test(code.text) && row.language === 'shell') {
      say(frame, 'shell.unseen', 'high', `runs a text that is only known when it runs: ${shown(code)}`, code)
    }
    out = union(out, runText(code.text, row, invocation, frame, code))
  }
  return out
}

function runText(
  text: string,
  row: Interpreter,
  { stdin, argv, span }: Invocation,
  frame: Frame,
  at: Field,
): Flow {
  const where = at.start === at.end ? { ...at, ...span } : at
  if (row.language !== 'shell') {
    if (row.isFilter !== true)
      say(frame, 'code.inline', 'medium', `runs ${row.language} code given in the command`, where)
    return evaluateCode(text, row.language, frame, where)
  }
  // `sh -c 'text' name one two`: what follows the text is $0, $1 and on
  const after = argv.findIndex((field) => field.text === text) + 2
  const positional = argv.slice(after).map((field) => field.text)
  const isKnown = argv.slice(after).every(({ isDynamic }) => !isDynamic)
  const variables = { ...frame.variables, positional: isKnown ? positional : undefined }
  return frame.shell.text(text, stdin, { ...frame, variables }, where)
}

function fromInput(row: Interpreter, invocation: Invocation, frame: Frame): Flow {
  const { stdin, span, name } = invocation
  if (stdin === undefined) {
    if (row.interactive === undefined) return NOTHING
    const risk = frame.isElsewhere === true ? 'medium' : row.interactive
    say(
      frame,
      row.language === 'shell' ? 'shell.interactive' : 'code.interactive',
      risk,
      `${name} takes its commands from whoever types`,
      span,
    )
    return NOTHING
  }
  if (stdin.network || stdin.decoded) {
    const what = stdin.network ? 'what came over the network' : 'a decoded text nobody can read here'
    say(
      frame,
      stdin.network ? 'flow.network-to-interpreter' : 'flow.decoded-to-interpreter',
      riskOfRunning(stdin),
      `${name} runs ${what}`,
      span,
    )
    if (stdin.text === undefined) return NOTHING
  }
  if (stdin.text === undefined) {
    if (row.isFilter === true) return NOTHING
    if (stdin.file !== undefined) {
      say(
        frame,
        'script.unread',
        'medium',
        `${name} runs ${shown({ text: stdin.file })}, which could not be read`,
        span,
      )
      return NOTHING
    }
    say(frame, 'shell.unseen-input', 'high', `${name} runs a text that is only known when it runs`, span)
    return NOTHING
  }
  if (row.language === 'shell') return frame.shell.text(stdin.text, NOTHING, frame, span)
  say(frame, 'code.inline', 'medium', `runs ${row.language} code given in the command`, span)
  return evaluateCode(stdin.text, row.language, frame, span)
}

function runFile(
  row: Interpreter,
  file: Field,
  operands: readonly Field[],
  { stdin, span }: Invocation,
  frame: Frame,
): Flow {
  // `bash <(curl …)`: the file is what a command writes
  if (file.text.startsWith('<(')) {
    const { flow } = file
    if (flow.text !== undefined && !flow.network) return evaluateCode(flow.text, row.language, frame, span)
    const risk = flow.network || flow.decoded ? 'critical' : 'high'
    say(
      frame,
      flow.network ? 'flow.network-to-interpreter' : 'shell.unseen-input',
      risk,
      'runs what another command writes',
      span,
    )
    return NOTHING
  }
  return runScript(file, { language: row.language, args: operands.slice(1), stdin, span }, frame)
}
