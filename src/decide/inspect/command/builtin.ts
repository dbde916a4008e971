import { rateEnvironment } from './environment.ts'
import { NOTHING, riskOfRunning, textFlow, union, type Flow } from './flow.ts'
import { say, type Frame, type Invocation } from './frame.ts'
import { optionValues } from './match.ts'
import { printed } from './print.ts'
import { plainPath } from './path.ts'
import { moveTo } from './place.ts'
import { runScript } from './script.ts'
import { shown } from './touch.ts'
import type { Field } from './word.ts'

type Builtin = (invocation: Invocation, args: readonly Field[], frame: Frame) => Flow

const quiet: Builtin = () => NOTHING

const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...[
    ':',
    'true',
    'false',
    'exit',
    'return',
    'break',
    'continue',
    'shift',
    'wait',
    'jobs',
    'fg',
    'bg',
    'umask',
    'ulimit',
    'let',
    'dirs',
    'popd',
    'getopts',
    'shopt',
    'unalias',
    'times',
    'caller',
    'help',
    'logout',
    'suspend',
    'test',
    '[',
    '[[',
    'compgen',
    'compopt',
    'emulate',
    'autoload',
    'setopt',
    'unsetopt',
  ].map((name): [string, Builtin] => [name, quiet]),
  ['cd', moved],
  ['pushd', moved],
  ['eval', evaluated],
  ['source', sourced],
  ['export', declared],
  ['declare', declared],
  ['typeset', declared],
  ['local', declared],
  ['readonly', declared],
  ['setenv', (invocation, args, frame) => declared(invocation, pairOf(args), frame)],
  ['alias', aliased],
  ['read', taken],
  ['mapfile', taken],
  ['readarray', taken],
  ['trap', trapped],
  ['unset', (_, args, frame) => forget(args, frame)],
  ['set', remembered],
  ['enable', enabled],
  ['hash', hashed],
  ['complete', completed],
  ['bind', bound],
  ['echo', (invocation, args) => printed(invocation.name, args)],
  ['printf', formatted],
  ['type', located],
  ['which', located],
  ['pwd', quiet],
])

/** @returns what a builtin of the shell writes; undefined when it is none, or is for others to look at */
export function runBuiltin(invocation: Invocation, frame: Frame): Flow | undefined {
  const head = invocation.argv[0]!.text
  return BUILTINS.get(head === '.' ? 'source' : head)?.(invocation, invocation.argv.slice(1), frame)
}

function moved(_: Invocation, args: readonly Field[], frame: Frame): Flow {
  moveTo(args, frame, plainPath)
  return NOTHING
}

/** `printf -v name …` writes to a variable. */
function formatted({ name }: Invocation, args: readonly Field[], frame: Frame): Flow {
  const flow = printed(name, args)
  const [option, variable] = args
  if (option?.text !== '-v' || variable === undefined) return flow
  frame.variables.values.set(
    variable.text,
    flow.text === undefined ? { flow } : { elements: [flow.text], flow },
  )
  return NOTHING
}

function evaluated({ stdin, span }: Invocation, args: readonly Field[], frame: Frame): Flow {
  const words = args[0]?.text === '--' ? args.slice(1) : args
  const flow = words.reduce<Flow>((all, field) => union(all, field.flow), NOTHING)
  if (flow.network || flow.decoded) {
    say(frame, 'flow.run-substituted', riskOfRunning(flow), 'runs a text that was fetched or decoded', span)
  }
  const [first] = words
  if (first === undefined) return NOTHING
  const text = words.map((field) => field.text).join(' ')
  if (words.length === 1 && first.isDynamic && /^(?:\$\(|`)/.test(text)) {
    say(frame, 'shell.eval-output', 'medium', 'runs what a command of this machine writes', span)
    return NOTHING
  }
  if (words.some(({ isDynamic }) => isDynamic)) {
    say(frame, 'shell.eval', 'high', `runs a text that is only known when it runs: ${shown({ text })}`, span)
  } else say(frame, 'shell.eval-text', 'medium', 'runs a text as a command', span)
  return frame.shell.text(text, stdin, frame, span)
}

function sourced({ stdin, span }: Invocation, args: readonly Field[], frame: Frame): Flow {
  const [file] = args
  if (file === undefined) return NOTHING
  const { flow } = file
  if (file.text.startsWith('<(') || file.text === '/dev/stdin') {
    const from = file.text.startsWith('<(') ? flow : (stdin ?? NOTHING)
    if (from.network || from.decoded) {
      say(frame, 'flow.network-to-interpreter', riskOfRunning(from), 'runs what was fetched or decoded', span)
    }
    if (from.text !== undefined) return frame.shell.text(from.text, undefined, frame, span)
    say(frame, 'shell.eval-output', 'medium', 'runs what a command of this machine writes', span)
    return NOTHING
  }
  return runScript(file, { language: 'shell', args: args.slice(1), stdin, span }, frame)
}

function declared(_: Invocation, args: readonly Field[], frame: Frame): Flow {
  for (const field of args) {
    const at = field.text.indexOf('=')
    if (at < 1 || field.text.startsWith('-')) continue
    rateEnvironment(field, frame, [])
    const name = field.text.slice(0, at).replace(/\+$/, '')
    const { flow } = field
    const value = field.text.slice(at + 1)
    frame.variables.values.set(name, field.isDynamic ? { flow } : { elements: [value], flow })
  }
  return NOTHING
}

function pairOf([name, value]: readonly Field[]): Field[] {
  return name === undefined ? [] : [{ ...name, text: `${name.text}=${value?.text ?? ''}` }]
}

/** An alias is a command that somebody will type without seeing it. */
function aliased(_: Invocation, args: readonly Field[], frame: Frame): Flow {
  for (const field of args) {
    const at = field.text.indexOf('=')
    if (at < 1) continue
    const [name, text] = [field.text.slice(0, at), field.text.slice(at + 1)]
    frame.aliases.set(name, text)
    if (/^(?:sudo|su|ssh|passwd|gpg|doas)$/.test(name)) {
      say(frame, 'persist.alias', 'high', `puts another command in the place of ${name}`, field)
    }
    frame.shell.text(text, undefined, frame, field)
  }
  return NOTHING
}

function taken({ stdin, span }: Invocation, args: readonly Field[], frame: Frame): Flow {
  const flow = stdin ?? NOTHING
  for (const [i, { text }] of args.entries()) {
    if (/^[A-Za-z_]\w*$/.test(text) && !/^-[adinNptu]$/.test(args[i - 1]?.text ?? '')) {
      const elements = flow.text === undefined ? {} : { elements: [flow.text.replace(/\n$/, '')] }
      frame.variables.values.set(text, { ...elements, flow: union(flow, NOTHING) })
    }
  }
  for (const { value } of optionValues(args, '-C')) {
    if (value !== undefined) frame.shell.text(value.text, undefined, frame, value)
  }
  const prompt = optionValues(args, '-p')[0]?.value
  if (prompt !== undefined && /passw|passphrase|secret|token/i.test(prompt.text)) {
    say(frame, 'secret.prompt', 'high', 'asks whoever is there for a password', span)
  }
  return NOTHING
}

function trapped({ span }: Invocation, args: readonly Field[], frame: Frame): Flow {
  const words = args.filter(({ text }) => !text.startsWith('-'))
  const [action, ...signals] = words
  if (action === undefined || signals.length === 0 || action.text === '') return NOTHING
  if (signals.some(({ text }) => text === 'DEBUG')) {
    say(frame, 'persist.trap', 'high', 'runs something before every command of the shell', span)
  }
  return frame.shell.text(action.text, undefined, frame, action)
}

function forget(args: readonly Field[], frame: Frame): Flow {
  for (const field of args) {
    frame.variables.values.delete(field.text)
    if (/^HIST(?:FILE|SIZE|FILESIZE)$/.test(field.text)) {
      say(frame, 'env.history-off', 'high', 'stops the shell from remembering what was typed', field)
    }
  }
  return NOTHING
}

/** `set +o history` stops remembering; `set -- a b` gives arguments, `$1` and on. */
function remembered({ span }: Invocation, args: readonly Field[], frame: Frame): Flow {
  if (/\+o history|-\+?o nolog/.test(args.map(({ text }) => text).join(' '))) {
    say(frame, 'env.history-off', 'high', 'stops the shell from remembering what was typed', span)
  }
  const first = args.findIndex(({ text }) => !/^[-+]\w+$/.test(text))
  if (first === -1) return NOTHING
  const given = args.slice(args[first]!.text === '--' ? first + 1 : first)
  frame.variables.positional = given.every(({ isDynamic }) => !isDynamic)
    ? given.map(({ text }) => text)
    : undefined
  return NOTHING
}

function enabled({ span }: Invocation, args: readonly Field[], frame: Frame): Flow {
  if (optionValues(args, '-f').length > 0) {
    say(frame, 'exec.library', 'high', 'loads a native library into the shell', span)
  }
  return NOTHING
}

/** `hash -p file name` puts a file in the place of a program. */
function hashed({ span }: Invocation, args: readonly Field[], frame: Frame): Flow {
  if (optionValues(args, '-p').length > 0) {
    say(frame, 'persist.alias', 'high', 'puts another program in the place of one of that name', span)
  }
  return NOTHING
}

function completed({ span }: Invocation, args: readonly Field[], frame: Frame): Flow {
  for (const { value } of optionValues(args, '-C')) {
    if (value === undefined) continue
    frame.shell.text(value.text, undefined, frame, value)
    say(frame, 'persist.completion', 'medium', 'runs a command when somebody presses the tab key', span)
  }
  return NOTHING
}

function bound(_: Invocation, args: readonly Field[], frame: Frame): Flow {
  for (const { value } of optionValues(args, '-x')) {
    if (value === undefined) continue
    const command = value.text.replace(/^[^:]*:\s*/, '').replace(/^["']|["']$/g, '')
    frame.shell.text(command, undefined, frame, value)
  }
  return NOTHING
}

/** `$(which bash)` is bash. */
function located(_: Invocation, args: readonly Field[]): Flow {
  const names = args.filter(({ text }) => !text.startsWith('-'))
  const [only] = names
  return names.length === 1 && only !== undefined && !only.isDynamic ? textFlow(`${only.text}\n`) : NOTHING
}
