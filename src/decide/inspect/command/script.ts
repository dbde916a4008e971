import { evaluateCode } from './code.ts'
import { NOTHING, type Flow } from './flow.ts'
import { MAX_NESTING, say, type Frame } from './frame.ts'
import { MAX_LENGTH, type Span } from './parse.ts'
import { classOf, plainPath } from './path.ts'
import type { Language } from './rule.ts'
import { plainName } from './name.ts'
import { shown, textOf } from './touch.ts'
import type { Field } from './word.ts'

interface ScriptRun {
  /** What runs it; undefined when the file itself is started and says so in its first line. */
  readonly language: Language | undefined
  readonly args: readonly Field[]
  readonly stdin: Flow | undefined
  readonly span: Span
}

/**
 * A script is run: its text is rated as if it had been typed, whether it was written by the same command or stands in
 * a file. So nothing is gained by writing first and running later.
 */
export function runScript(file: Field, run: ScriptRun, frame: Frame): Flow {
  const path = plainPath(file.text, frame)
  const written = frame.files.get(path)
  const { span } = run
  if (written !== undefined && (written.network || written.decoded)) {
    const what = written.network ? 'was fetched over the network' : 'was decoded'
    say(
      frame,
      written.network ? 'flow.run-download' : 'flow.run-decoded',
      'critical',
      `runs ${shown(file)}, which ${what}`,
      span,
    )
    return NOTHING
  }
  const text = written?.text ?? textOf(file, frame)
  if (text === undefined) return unread(file, run, frame)
  if (text.includes('\0')) {
    say(frame, 'script.binary', 'medium', `runs ${shown(file)}, which is no text`, span)
    return NOTHING
  }
  const language = run.language ?? languageOf(text)
  const name = shown(file)
  const inner: Frame = {
    ...frame,
    at: frame.at ?? span,
    script: frame.script ?? name,
    variables: { ...frame.variables, positional: knownArguments(run.args) },
  }
  if (frame.depth >= MAX_NESTING) return NOTHING
  say(frame, 'script.read', 'medium', `runs ${name}, which was read and rated as well`, span)
  if (language === 'shell') return frame.shell.text(within(text), run.stdin, inner, span)
  return evaluateCode(text, language, { ...inner, depth: frame.depth + 1 }, span)
}

const END_LENGTH = 30 * 1024

/** A script that is too long to be read is read at both ends, by whole lines; nothing hides behind a long head. */
function within(text: string): string {
  if (text.length <= MAX_LENGTH) return text
  const head = text.slice(0, END_LENGTH)
  const tail = text.slice(-END_LENGTH)
  return `${head.slice(0, head.lastIndexOf('\n') + 1)}${tail.slice(tail.indexOf('\n') + 1)}`
}

function knownArguments(args: readonly Field[]): readonly string[] | undefined {
  return args.every(({ isDynamic }) => !isDynamic) ? args.map(({ text }) => text) : undefined
}

function unread(file: Field, { span }: ScriptRun, frame: Frame): Flow {
  const isAnybodys = classOf(file.text, frame)?.class === 'temporary'
  if (isAnybodys) {
    say(
      frame,
      'script.temporary',
      'high',
      `runs ${shown(file)}, from where everybody can write, unread`,
      span,
    )
  } else say(frame, 'script.unread', 'medium', `runs ${shown(file)}, which could not be read`, span)
  return NOTHING
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  python: 'python',
  node: 'javascript',
  deno: 'javascript',
  bun: 'javascript',
  perl: 'perl',
  ruby: 'ruby',
  php: 'php',
  lua: 'lua',
  awk: 'awk',
  expect: 'tcl',
  tclsh: 'tcl',
  rscript: 'r',
  osascript: 'other',
}

/** A file without a first line that says otherwise is run by the shell that starts it. */
function languageOf(text: string): Language {
  const [, line = ''] = /^#!\s*(.+)/.exec(text) ?? []
  const words = line.trim().split(/\s+/).map(plainName)
  const program = words[0] === 'env' ? words.find((word, i) => i > 0 && !word.startsWith('-')) : words[0]
  return program !== undefined && Object.hasOwn(LANGUAGES, program) ? LANGUAGES[program]! : 'shell'
}
