import { applyRules, byProgram, isKnownProgram } from './apply.ts'
import { runBuiltin } from './builtin.ts'
import { rateEnvironment } from './environment.ts'
import { sayEscape, sayEscapeInput } from './escape.ts'
import { NOTHING, SECRET, union, type Flow } from './flow.ts'
import { MAX_NESTING, say, worstSince, type Frame, type Invocation } from './frame.ts'
import { sayHanded } from './handed.ts'
import { sayUnknownCode } from './unknown-code.ts'
import { runInterpreter } from './interpreter.ts'
import { isSystemProgram, plainName } from './name.ts'
import { rateNetwork } from './network.ts'
import { rateOperands } from './operands.ts'
import { outputOf } from './output.ts'
import type { Span } from './parse.ts'
import { isHarmless } from './harmless.ts'
import { WRAPPERS } from './rules/wrappers.ts'
import { plainPath } from './path.ts'
import { runScript } from './script.ts'
import { shown } from './touch.ts'
import { unwrap, type Wrapper } from './wrapper.ts'
import type { Field } from './word.ts'

const WRAPPERS_OF: ReadonlyMap<string, readonly Wrapper[]> = byProgram(WRAPPERS)

const MOST_WORDS = 2000

/** A program is started with its arguments: what it is, what it would do, what it would write. */
export function runProgram(argv: readonly Field[], stdin: Flow | undefined, frame: Frame, span: Span): Flow {
  const [head] = argv
  if (head === undefined || frame.depth >= MAX_NESTING) return NOTHING
  const { rating } = frame
  if (rating.budget-- <= 0) {
    say(frame, 'shape.too-much', 'high', 'it does more than can be looked at', span)
    return NOTHING
  }
  const name = plainName(head.text)
  if (argv.length > MOST_WORDS) {
    say(frame, 'shape.too-much', 'high', `only the first ${MOST_WORDS} of its words are looked at`, span)
  }
  const invocation: Invocation = { argv: argv.slice(0, MOST_WORDS), name, stdin, span }
  const before = rating.reasons.length
  const index = rating.programs.length
  const at = frame.at ?? span
  const args = argv.slice(1).map(({ text }) => text)
  rating.programs.push({ name: head.text, args, risk: 'low', start: at.start, end: at.end })
  const out = started(invocation, { ...frame, depth: frame.depth + 1 })
  rating.programs[index] = { ...rating.programs[index]!, risk: worstSince(frame, before) }
  return out
}

function started(invocation: Invocation, frame: Frame): Flow {
  const head = invocation.argv[0]!
  if (isOpen(head)) return unknownProgram(invocation, head, frame)
  const own = frame.functions.get(head.text)
  if (own !== undefined) return called(invocation, own.body, frame)
  sayEscape(invocation, head, frame)
  const wrapped = throughWrappers(invocation, frame)
  if (wrapped !== undefined) return wrapped
  const builtin = runBuiltin(invocation, frame)
  if (builtin !== undefined) return builtin
  return plainProgram(invocation, head, frame)
}

function plainProgram(invocation: Invocation, head: Field, frame: Frame): Flow {
  const before = frame.rating.reasons.length
  applyRules(invocation, frame)
  sayEscapeInput(invocation, frame)
  const ran = runInterpreter(invocation, frame)
  const read = rateOperands(invocation, frame)
  const net = rateNetwork(invocation, read, frame)
  const isKnown = ran !== undefined || isKnownProgram(invocation.name)
  // asked once: it is what takes longest here
  const isLooking = isKnown ? undefined : isHarmless(invocation, frame)
  const isFamiliar = isLooking ?? true
  sayHanded(invocation, isFamiliar, frame)
  if (!isFamiliar) sayUnknownCode(invocation, frame)
  if (head.text.includes('/') && !isSystemProgram(head.text)) {
    const file = head.text
    if (/^\/proc\/[^/]+\/(?:exe|root|cwd|fd)(?:\/|$)/.test(plainPath(file, frame)))
      say(
        frame,
        'shape.hidden-program',
        'high',
        `hides which program runs behind another name: ${shown(head)}`,
        head,
      )
    if (!isKnown || !file.startsWith('/')) {
      const script = {
        language: undefined,
        args: invocation.argv.slice(1),
        stdin: invocation.stdin,
        span: invocation.span,
      }
      return union(runScript(head, script, frame), net)
    }
  }
  if (
    frame.rating.reasons.length === before &&
    ran === undefined &&
    !(isLooking ?? isHarmless(invocation, frame))
  ) {
    say(
      frame,
      'program.unknown',
      'medium',
      `${shown(head)} is not among the programs known to only look`,
      invocation.span,
    )
  }
  return outputOf(invocation, union(union(ran ?? NOTHING, read), net), ran, frame)
}

function isOpen({ text, isDynamic, isGlob }: Field): boolean {
  return isGlob || (isDynamic && /[$`]|^[<>]\(/.test(text))
}

/** What is started is only known when it runs: never low, and worse where it is put together from afar. */
function unknownProgram(invocation: Invocation, head: Field, frame: Frame): Flow {
  const { span, argv, stdin } = invocation
  const { flow } = head
  // `f=$(mktemp); echo … > $f; $f`: what it is called nobody knows, what stands in it we do
  if (frame.files.has(plainPath(head.text, frame))) {
    return runScript(head, { language: undefined, args: argv.slice(1), stdin, span }, frame)
  }
  if (flow.network || flow.decoded) {
    say(frame, 'flow.run-substituted', 'critical', `runs what ${shown(head)} fetched or decoded`, span)
  } else if (
    head.isGlob &&
    !/^[%!]|^\*\//.test(head.text) &&
    !/^(?:\.{0,2}\/?[\w./-]*)?\*?[\w.*-]*$/.test(head.text)
  ) {
    say(
      frame,
      'shape.hidden-program',
      'high',
      `hides which program runs behind wildcards: ${shown(head)}`,
      span,
    )
  } else if (head.isGlob) {
    const isHidden = /^\/(?:usr\/)?s?bin\//.test(head.text) || /^[\w*?[\]]+$/.test(head.text)
    say(
      frame,
      'shape.hidden-program',
      isHidden ? 'high' : 'medium',
      `the program is written with a wildcard: ${shown(head)}`,
      span,
    )
  } else {
    const isJoined = !/^(?:\$\{?\w+\}?|\$\(.*\)|`.*`)(?:[/.][\w./-]*)?$/s.test(head.text)
    const note = `which program runs is only known when it does: ${shown(head)}`
    say(frame, 'shape.dynamic-program', isJoined ? 'high' : 'medium', note, span)
  }
  rateOperands({ ...invocation, name: '', argv }, frame)
  return NOTHING
}

function called(
  { argv, stdin }: Invocation,
  body: Parameters<Frame['shell']['node']>[0],
  frame: Frame,
): Flow {
  const args = argv.slice(1)
  const positional = args.every(({ isDynamic }) => !isDynamic) ? args.map(({ text }) => text) : undefined
  const variables = { ...frame.variables, positional }
  return frame.shell.node(body, stdin, { ...frame, variables, depth: frame.depth + 1 })
}

function throughWrappers(invocation: Invocation, frame: Frame): Flow | undefined {
  const { name, argv } = invocation
  for (const wrapper of WRAPPERS_OF.get(name) ?? []) {
    const found = unwrap(wrapper, argv.slice(1))
    if (found === undefined) continue
    return unwrapped(wrapper, found, invocation, frame)
  }
  return undefined
}

function unwrapped(
  wrapper: Wrapper,
  { inner, assignments, texts, options }: NonNullable<ReturnType<typeof unwrap>>,
  invocation: Invocation,
  frame: Frame,
): Flow {
  const { span, stdin, name } = invocation
  applyRules(invocation, frame)
  for (const field of assignments) rateEnvironment(field, frame, inner)
  if (wrapper.rule !== undefined) say(frame, wrapper.rule.id, wrapper.rule.risk, wrapper.rule.note, span)
  let out = NOTHING
  for (const text of texts) out = union(out, frame.shell.text(text.text, stdin, frame, text))
  for (const option of options) rateNetworkOption(option, invocation, frame)
  if (inner.length === 0 && name === 'env' && texts.length === 0) return SECRET
  if (inner.length === 0 && name === 'parallel' && stdin?.text !== undefined)
    out = union(out, frame.shell.text(stdin.text, undefined, frame, span))
  if (inner.length === 0 && texts.length === 0) sayHanded(invocation, true, frame)
  if (inner.length === 0) return union(out, withoutProgram(wrapper, texts, options, invocation, frame))
  const [first] = inner
  // `parallel ::: one two`: with nothing before the colons, each of the words is a command
  if (/^:::\+?$/.test(first!.text)) return union(out, eachRun(inner.slice(1), stdin, frame))
  const isElsewhere = wrapper.elsewhere === true
  const inside = isElsewhere ? { ...frame, context: withoutFiles(frame), isElsewhere } : frame
  if (wrapper.joins === true && (inner.length === 1 || isElsewhere)) {
    const text = inner.map((field) => field.text).join(' ')
    out = union(out, inside.shell.text(text, stdin, inside, spanOf(inner, first!)))
  } else {
    const extra = name === 'xargs' && stdin !== undefined ? [...inner, piped(stdin, first!)] : inner
    out = union(out, inside.shell.program(extra, stdin, inside, spanOf(inner, first!)))
  }
  return rateNetwork(invocation, out, frame)
}

function eachRun(texts: readonly Field[], stdin: Flow | undefined, frame: Frame): Flow {
  return texts.reduce((out, field) => union(out, frame.shell.text(field.text, stdin, frame, field)), NOTHING)
}

/** What xargs adds to the command: words from its input. */
function piped(stdin: Flow, like: Field): Field {
  const words = stdin.text?.replaceAll('\0', ' ').trim()
  const isKnown = words !== undefined && words !== ''
  return { ...like, text: isKnown ? words : '{}', isDynamic: !isKnown, isGlob: false, flow: stdin }
}

function withoutFiles({ context: { home: _home, readScript: _read, ...rest } }: Frame): Frame['context'] {
  return rest
}

function spanOf(inner: readonly Field[], first: Field): Span {
  // a word that was put in stands where its neighbour does
  return { start: first.start, end: Math.max(first.end, inner.at(-1)!.end) }
}

function rateNetworkOption(option: Field, { name, span }: Invocation, frame: Frame): void {
  if (name !== 'sudo' || !/^-(?:[A-Za-z]*[is][A-Za-z]*|-login|-shell)$/.test(option.text)) return
  say(frame, 'privilege.root-shell', 'high', 'opens a shell as root or another user', span)
}

/** A wrapper that was given nothing to run; some start a shell then. */
function withoutProgram(
  wrapper: Wrapper,
  texts: readonly Field[],
  options: readonly Field[],
  { span, name, stdin }: Invocation,
  frame: Frame,
): Flow {
  const asks = options.some(({ text }) =>
    /^-(?:-help|-version|h|V|v|l|-list|-reset-timestamp|k|K|-show|-mount=.*|-print)$/.test(text),
  )
  if (texts.length > 0 || asks || wrapper.alone === 'nothing') return NOTHING
  if (
    wrapper.alone === undefined &&
    name !== 'su' &&
    !(name === 'doas' && options.some(({ text }) => text === '-s'))
  )
    return NOTHING
  if (stdin?.text !== undefined) return frame.shell.text(stdin.text, NOTHING, frame, span)
  say(frame, 'shell.interactive', 'high', `${name} opens a shell for whoever types`, span)
  return NOTHING
}
