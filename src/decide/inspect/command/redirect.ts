import type { Redirection } from 'unbash'
import { FROM_NETWORK, NOTHING, textFlow, union, type Flow } from './flow.ts'
import { say, type Frame } from './frame.ts'
import { fileFlow, readPath, writePath } from './touch.ts'
import { expandParts, expandText, type Field } from './word.ts'
import type { Span } from './parse.ts'

/** Where a command's input comes from and its output goes, after its redirections. */
export interface Ends {
  readonly stdin: Flow | undefined
  /** Sends the output where it goes. @returns what is left for the pipe */
  readonly write: (out: Flow) => Flow
  /** Whether a network connection is opened by a redirection. */
  readonly isSocket: boolean
}

const SOCKET = /^\/dev\/(?:tcp|udp)\//

/** Reads the redirections of a command and rates the files they open. */
export function connect(
  redirects: readonly Redirection[],
  stdin: Flow | undefined,
  frame: Frame,
  { pos, end }: { readonly pos: number; readonly end: number },
): Ends {
  let input = stdin
  let isSocket = false
  const outputs: Field[] = []
  const span = { start: pos, end }
  for (const redirect of redirects) {
    if (redirect.type === 'HereDoc') {
      const { body } = redirect
      const { text, isDynamic, flow } = expandParts(body.parts, body.text, frame.shell.expansion(frame))
      input = isDynamic ? flow : union2(textFlow(text), flow)
      continue
    }
    if (redirect.target === undefined) continue
    const target = expandText(redirect.target, frame.shell.expansion(frame))
    if (redirect.operator === '<<<') {
      input = target.isDynamic ? target.flow : union2(textFlow(`${target.text}\n`), target.flow)
      continue
    }
    if (/^(?:\d+-?|-|@\w+)$/.test(target.text)) {
      if (frame.files.get(handle(target.text))?.network === true) isSocket = true
      continue
    }
    if (SOCKET.test(target.text)) {
      isSocket = true
      const number = redirect.descriptor?.type === 'FileDescriptor' ? redirect.descriptor.value : 0
      if (number > 2) frame.files.set(handle(String(number)), FROM_NETWORK)
      saySocket(redirect.operator, target, frame, span)
    }
    if (redirect.operator.startsWith('<') && redirect.operator !== '<>') input = opened(target, frame)
    else outputs.push(target)
  }
  return { stdin: input, isSocket, write: (out) => written(out, outputs, frame) }
}

/** How an open descriptor is remembered among the files; no path is written so. */
function handle(number: string): string {
  return `&${number.replace(/-$/, '')}`
}

function union2(text: Flow, flow: Flow): Flow {
  return { ...union(text, flow), ...(text.text === undefined ? {} : { text: text.text }) }
}

function opened(target: Field, frame: Frame): Flow {
  // `< <(command)`: what the command writes flows in
  if (target.text.startsWith('<(')) return target.flow
  return fileFlow(target, union(target.flow, readPath(target, frame)), frame)
}

function saySocket(operator: string, { text }: Field, frame: Frame, span: Span): void {
  const note = `opens a network connection to ${text.replace(SOCKET, '').replace('/', ':')}`
  const isBoth = operator === '<>' || operator === '>&' || operator === '&>'
  say(frame, isBoth ? 'shell.socket-both' : 'shell.socket', 'high', note, span)
}

function written(out: Flow, outputs: readonly Field[], frame: Frame): Flow {
  if (outputs.length === 0) return out
  for (const target of outputs) {
    if (SOCKET.test(target.text)) sent(out, target, frame)
    else writePath(target, out, frame)
  }
  return NOTHING
}

function sent(out: Flow, target: Field, frame: Frame): void {
  if (!out.secret) return
  const note = 'what should be kept goes out over the network'
  say(frame, 'flow.secret-to-network', 'critical', note, target)
}
