import {
  forEachChild,
  type Command,
  type For,
  type Function as FunctionNode,
  type Script,
  type Statement,
  type SyntaxNode,
} from 'unbash'
import { evaluateCode } from './code.ts'
import { NOTHING, joined, union, type Flow } from './flow.ts'
import { MAX_NESTING, say, type Frame } from './frame.ts'
import { fromHere } from './place.ts'
import { runSimple } from './simple.ts'
import { MAX_LENGTH, readScript, type Span } from './parse.ts'
import { connect } from './redirect.ts'
import { expandWord, type Expansion } from './word.ts'

/**
 * Goes through a command text the way a shell would, without running anything.
 *
 * @param at where to show what is found, for a text that does not stand in the command itself
 * @returns what it would write to its output
 */
export function evaluateText(text: string, stdin: Flow | undefined, frame: Frame, at: Span): Flow {
  const span = frame.at ?? at
  const { depth } = frame
  if (depth >= MAX_NESTING) {
    say(frame, 'shape.nested', 'medium', 'commands stand in commands too deeply to be read', span)
    return NOTHING
  }
  const read = readScript(text)
  if (read.script === undefined) {
    say(frame, 'shape.unparsable', 'medium', `a command inside it cannot be read: ${read.unparsable}`, span)
    return evaluateLines(text, { ...frame, depth: depth + 1, at: span })
  }
  return evaluateScript(read.script, stdin, { ...frame, depth: depth + 1, at: span })
}

const MOST_LINES = 400
/** No shell, but what is typed into an interpreter that was started on a line before. */
const CALL =
  /\b(?:system|exec\w*|popen|spawn\w*|shell|callCommand|callProcess|run|open_process|Command|Process)\s*[("'`]|\bos:cmd\b|\bSys\.command\b|["']\.?!!?\s*$/

/** A shell may get further than our parser does, so the lines that can be read are rated all the same. */
export function evaluateLines(text: string, frame: Frame): Flow {
  let out = NOTHING
  for (const line of text.slice(0, MAX_LENGTH).split('\n', MOST_LINES)) {
    if (line.trim() === '') continue
    const read = readScript(line)
    if (read.script !== undefined) out = union(out, evaluateScript(read.script, undefined, frame))
    else if (CALL.test(line)) evaluateCode(line, 'other', frame, frame.at ?? { start: 0, end: 0 })
  }
  return out
}

export function evaluateScript(script: Script, stdin: Flow | undefined, frame: Frame): Flow {
  return inOrder(script.commands, stdin, frame)
}

function inOrder(list: readonly Statement[], stdin: Flow | undefined, frame: Frame): Flow {
  let out: Flow = { ...NOTHING, text: '' }
  for (const { command } of list) out = joined(out, evaluate(command, stdin, frame))
  return out
}

/** How words are expanded here: nested scripts are gone through as well, a level deeper. */
export function expansionIn(frame: Frame): Expansion {
  return {
    variables: frame.variables,
    run: (script, start, end) => {
      if (script === undefined) return NOTHING
      const at = frame.at ?? { start, end }
      if (frame.depth >= MAX_NESTING) {
        say(frame, 'shape.nested', 'medium', 'commands stand in commands too deeply to be read', at)
        return NOTHING
      }
      // offsets in a decoded script count from its own start
      const inner = script.source === undefined && frame.at === undefined ? frame : { ...frame, at }
      if (script.errors?.[0] !== undefined) {
        say(frame, 'shape.unparsable', 'medium', `a command inside it cannot be read`, at)
      }
      return evaluateScript(script, undefined, { ...inner, depth: frame.depth + 1 })
    },
  }
}

export function evaluate(node: SyntaxNode, stdin: Flow | undefined, frame: Frame): Flow {
  // loops in loops come to an end here, whatever stands in them
  if (frame.rating.budget <= 0) return exhausted(frame, { start: node.pos, end: node.end })
  switch (node.type) {
    case 'Command':
      return simple(node, stdin, frame)
    case 'Pipeline':
      return (
        node.commands.reduce<Flow | undefined>((flow, part) => evaluate(part, flow, frame), stdin) ?? NOTHING
      )
    case 'AndOr':
      return node.commands.reduce<Flow>((out, part) => joined(out, evaluate(part, stdin, frame)), {
        ...NOTHING,
        text: '',
      })
    case 'Statement':
      return evaluate(node.command, stdin, frame)
    case 'CompoundList':
    case 'Script':
      return inOrder(node.commands, stdin, frame)
    case 'Subshell':
      return fromHere(frame, () => inOrder(node.body.commands, stdin, frame))
    case 'BraceGroup':
      return inOrder(node.body.commands, stdin, frame)
    case 'Redirected': {
      const ends = connect(node.redirects, stdin, frame, node)
      return ends.write(evaluate(node.command, ends.stdin, frame))
    }
    case 'Function':
      return define(node, frame)
    case 'For':
    case 'Select':
      return loop(node as For, stdin, frame)
    default:
      return everything(node, stdin, frame)
  }
}

/** The branches of what has several, each as if it were taken. */
function everything(node: SyntaxNode, stdin: Flow | undefined, frame: Frame): Flow {
  let out = NOTHING
  const expansion = expansionIn(frame)
  forEachChild(node, (child) => {
    if (child.type === 'Word') expandWord(child, expansion)
    else if (child.type === 'CommandExpansion' || child.type === 'ProcessSubstitution') {
      out = union(out, expansion.run(child.script, child.pos, child.end))
    } else out = union(out, evaluate(child, stdin, frame))
  })
  return out
}

const MAX_ROUNDS = 8

function loop({ name, wordlist, body }: For, stdin: Flow | undefined, frame: Frame): Flow {
  const { values, positional } = frame.variables
  const expansion = expansionIn(frame)
  const fields = (wordlist ?? []).flatMap((word) => expandWord(word, expansion))
  const isKnown = fields.every(({ isDynamic, isGlob }) => !isDynamic && !isGlob)
  const rounds = isKnown ? [...new Set(fields.map(({ text }) => text))].slice(0, MAX_ROUNDS) : []
  const flow = fields.reduce<Flow>((all, field) => union(all, field.flow), NOTHING)
  if (wordlist === undefined && positional !== undefined) rounds.push(...positional.slice(0, MAX_ROUNDS))
  if (rounds.length === 0) {
    const [only] = fields
    // `for f in ~/.ssh/*`: what stands there is all that is known of it
    const elements = only !== undefined && fields.length === 1 ? { elements: [only.text] } : {}
    values.set(name.text, { ...elements, flow })
    return evaluate(body, stdin, frame)
  }
  let out = NOTHING
  for (const text of rounds) {
    if (frame.rating.budget-- <= 0) return exhausted(frame, { start: body.pos, end: body.end })
    values.set(name.text, { elements: [text], flow })
    out = union(out, evaluate(body, stdin, frame))
  }
  return out
}

function define(node: FunctionNode, frame: Frame): Flow {
  const name = node.name.text
  frame.functions.set(name, node)
  const calls = callsOf(node.body, name)
  if (calls.count >= 2 || (calls.count === 1 && calls.isInBackground)) {
    const note = `${name} starts itself again and again until nothing else can start`
    say(frame, 'destroy.fork-bomb', 'critical', note, { start: node.pos, end: node.end })
  }
  return NOTHING
}

/** How often a function starts itself beside itself: in a pipe or in the background. */
function callsOf(body: SyntaxNode, name: string): { count: number; isInBackground: boolean } {
  let count = 0
  let isInBackground = false
  const visit = (node: SyntaxNode, isBeside: boolean, depth: number): void => {
    if (depth > 200) return
    if (node.type === 'Command' && node.name?.text === name && isBeside) count++
    if (node.type === 'Statement' && node.background === true) isInBackground = true
    const beside =
      isBeside || node.type === 'Pipeline' || (node.type === 'Statement' && node.background === true)
    forEachChild(node, (child) => visit(child, beside, depth + 1))
  }
  visit(body, false, 0)
  return { count, isInBackground }
}

function simple(node: Command, stdin: Flow | undefined, frame: Frame): Flow {
  const { rating } = frame
  if (rating.budget-- > 0) return runSimple(node, stdin, frame)
  return exhausted(frame, { start: node.pos, end: node.end })
}

function exhausted(frame: Frame, span: Span): Flow {
  say(frame, 'shape.too-much', 'high', 'it does more than can be looked at', span)
  return NOTHING
}
