import { SHELL_PATH } from './shell-path.ts'
import { NOTHING, SECRET, union, type Flow } from './flow.ts'
import { say, type Frame } from './frame.ts'
import { classOf, isInWorkspace, plainPath } from './path.ts'
import type { Field } from './word.ts'

/** A file is read: how bad that is, and what flows out of it. */
export function readPath(field: Field, frame: Frame): Flow {
  const written = frame.files.get(plainPath(field.text, frame))
  const found = classOf(field.text, frame)
  if (found === undefined || found.read === 'low') return written ?? NOTHING
  const isSecret = found.class === 'credential' || found.class === 'access' || found.class === 'memory'
  say(frame, `path.read-${found.class}`, found.read, `reads ${shown(field)}: ${found.what}`, field)
  return union(written ?? NOTHING, isSecret && found.read === 'high' ? SECRET : NOTHING)
}

/** The same, with the text that stands in the file where that is known, and its name where it is not. */
export function fileFlow(field: Field, flow: Flow, frame: Frame): Flow {
  const known = frame.files.get(plainPath(field.text, frame))?.text ?? textOf(field, frame)
  if (known !== undefined) return { ...flow, text: known, file: field.text }
  return field.isDynamic ? flow : { ...flow, file: field.text }
}

/** The text of a file, when we are handed a way to read it. */
export function textOf({ text, isDynamic }: Field, frame: Frame): string | undefined {
  const { readScript, home } = frame.context
  if (readScript === undefined || isDynamic) return undefined
  const path = plainPath(text, frame)
  if (path.startsWith('/')) return readScript(path)
  return path.startsWith('~/') && home !== undefined ? readScript(home + path.slice(1)) : undefined
}

/** A file is written; what goes into it is kept for whoever runs or reads it later in the same command. */
export function writePath(field: Field, content: Flow, frame: Frame): void {
  const { text } = field
  if (/^\/dev\/(?:null|stdout|stderr|tty|fd\/\d+|zero|full)$/.test(text)) return
  frame.files.set(plainPath(text, frame), content)
  sayShellInside(field, content, frame)
  changePath(field, frame, 'writes')
}

const SHORT = 400
const STARTS_SHELL =
  /(?:^|[\n;|&])\s*(?:exec\s+)?(?:ba|da|z|k)?sh(?:\s+-[ip]\b|\s*\d?[<>]|\s*(?=\n|$))|\b(?:system|exec\w*|popen|spawn\w*|run|shell)\s*\(?\s*\[?["'](?:ba|da|z|k)?sh["' ]/

/** What is written starts a shell, and whoever reads it as settings or code will; a script's first line names one rightly. */
function sayShellInside(field: Field, { text }: Flow, frame: Frame): void {
  if (text === undefined) return
  const body = text.replace(/^#!.*$/gm, '')
  // a whole script may well start a shell somewhere; a line or two that do nothing else are there for it
  const isShort = text.length <= SHORT && !text.startsWith('#!')
  if (!SHELL_PATH.test(body) && !(isShort && STARTS_SHELL.test(body))) return
  say(frame, 'file.write-shell', 'high', `writes to ${shown(field)} what starts a shell`, field)
}

/** A place is written to, moved, linked, or its rights changed. */
export function changePath(field: Field, frame: Frame, verb: string): void {
  const found = classOf(field.text, frame)
  const isOwn = isInWorkspace(field.text, frame)
  if (found === undefined || found.class === 'temporary' || found.write === 'low') {
    const where = isOwn ? 'in the workspace' : ''
    say(frame, 'file.write', 'medium', `${verb} ${shown(field)} ${where}`.trim(), field)
    return
  }
  const risk = found.class === 'root' || found.class === 'home' ? 'medium' : found.write
  say(frame, `path.write-${found.class}`, risk, `${verb} ${shown(field)}: ${found.what}`, field)
}

/** What is shown of a word in a note: never much, and nothing a terminal would obey. */
export function shown({ text }: Pick<Field, 'text'>): string {
  const printable = text.replace(/[^\x20-\x7e]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`)
  return printable.length > 80 ? `${printable.slice(0, 77)}...` : printable
}

/** The paths an argument may name: itself, or what follows `=`, `@`, `file:` or an option letter. */
export function pathsIn(field: Field): Field[] {
  const { text } = field
  if (text.length < 2) return text === '/' || text === '~' ? [field] : []
  if (!/[/~.$]|^(?:credentials|cookies|id_|wallet)/i.test(text)) return []
  const cut = (from: number): Field => ({ ...field, text: text.slice(from) })
  const found = text.startsWith('-') ? [] : [field]
  const at = /[=@]/.exec(text)
  if (at !== null && at.index < text.length - 1) found.push(cut(at.index + 1))
  if (/^-\w[/~.]/.test(text)) found.push(cut(2))
  const url = text.indexOf('file:')
  if (url !== -1) found.push(cut(url + 5))
  const later = text.lastIndexOf('@')
  if (later > 0 && later !== at?.index) found.push(cut(later + 1))
  return found
}
