import type { Assignment, Command } from 'unbash'
import { NOTHING, union, type Flow } from './flow.ts'
import { higher, say, type Frame } from './frame.ts'
import { rateEnvironment } from './environment.ts'
import { connect } from './redirect.ts'
import { expandText, expandWord, type Field } from './word.ts'
import type { Value } from './variable.ts'

/** A simple command: its redirections are opened, its assignments made, its program looked at. */
export function runSimple(node: Command, stdin: Flow | undefined, frame: Frame): Flow {
  const expansion = frame.shell.expansion(frame)
  const span = { start: node.pos, end: node.end }
  const ends = connect(node.redirects, stdin, frame, node)
  const assigned = node.prefix.filter((part): part is Assignment => part.type === 'Assignment')
  const argv = node.name === undefined ? [] : expandWord(node.name, expansion)
  for (const arg of node.args) {
    if (arg.type === 'Word') argv.push(...expandWord(arg, expansion))
    else argv.push(assignmentField(arg, frame))
  }
  const values = assigned.map((one) => assign(one, frame, argv.length === 0))
  if (argv.length === 0) {
    for (const one of assigned) rateEnvironment(assignmentField(one, frame), frame, argv)
    // `< file`, `> file`, `x=$(curl …)`: what the substitution wrote is in the variable now
    return ends.write(values.reduce((all, value) => union(all, value), NOTHING))
  }
  for (const one of assigned) rateEnvironment(assignmentField(one, frame), frame, argv)
  const before = frame.rating.reasons.length
  const out = frame.shell.program(argv, ends.stdin, frame, span)
  if (ends.isSocket) joinSocket(frame, before, span)
  return ends.write(out)
}

/** A shell whose input or output is a network connection is in somebody else's hands. */
function joinSocket(frame: Frame, before: number, span: { start: number; end: number }): void {
  const ran = frame.rating.programs.at(-1)?.name ?? ''
  const isShell = frame.rating.reasons.slice(before).some(({ rule }) => rule.startsWith('shell.'))
  if (!isShell && !/^(?:ba|da|z|k|c|tc|a|fi)?sh$|^(?:exec|python|perl|ruby|php)$/.test(ran)) return
  const risk = ran === 'exec' ? higher('high', 'low') : 'critical'
  say(frame, 'shell.reverse', risk, 'gives a shell to whoever is at the other end of a connection', span)
}

function assign({ name, value, append, index }: Assignment, frame: Frame, isKept: boolean): Flow {
  const { values } = frame.variables
  const expansion = frame.shell.expansion(frame)
  const before = values.get(name)
  let now: Value
  if (value.type === 'ArrayValue') {
    const fields = value.elements.flatMap((word) => expandWord(word, expansion))
    const isKnown = fields.every(({ isDynamic }) => !isDynamic)
    const flow = fields.reduce<Flow>((all, field) => union(all, field.flow), NOTHING)
    now = isKnown ? { elements: fields.map(({ text }) => text), flow } : { flow }
  } else {
    const field = expandText(value, expansion)
    now = field.isDynamic ? { flow: field.flow } : { elements: [field.text], flow: field.flow }
  }
  const whole = append === true ? appended(before, now) : now
  if (isKept)
    values.set(name, index === undefined ? whole : { flow: union(before?.flow ?? NOTHING, now.flow) })
  return now.flow
}

const MAX_VALUE = 64 * 1024

function appended(before: Value | undefined, now: Value): Value {
  const flow = union(before?.flow ?? NOTHING, now.flow)
  const [first, second] = [before === undefined ? [''] : before.elements, now.elements]
  if (first === undefined || second === undefined) return { flow }
  const text = `${first[0] ?? ''}${second[0] ?? ''}`
  if (text.length > MAX_VALUE) return { flow }
  return { elements: first.length > 1 ? [...first, ...second] : [text], flow }
}

/** `name=value` as one word, for programs that take it as an argument and for the environment. */
function assignmentField({ name, value, append, text, pos, end }: Assignment, frame: Frame): Field {
  const at = { start: pos, end, isGlob: false }
  if (value.type !== 'Word') return { text, isDynamic: true, flow: NOTHING, ...at }
  const field = expandText(value, frame.shell.expansion(frame))
  const joined = `${name}${append === true ? '+' : ''}=${field.text}`
  return { text: joined, isDynamic: field.isDynamic, flow: field.flow, ...at }
}
