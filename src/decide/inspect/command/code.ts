import type { RiskLevel } from '../../../core/risk.ts'
import { NOTHING, SECRET, union, type Flow } from './flow.ts'
import { higher, say, worstSince, type Frame } from './frame.ts'
import type { Span } from './parse.ts'
import { classOf } from './path.ts'
import type { Language } from './rule.ts'
import { CODE_RULES, type CodeRule } from './rules/code.ts'
import { shown } from './touch.ts'
import type { Field } from './word.ts'

const MAX_CODE = 64 * 1024

/**
 * Looks through a program text in another language for what it would do to the machine. It is a tripwire: text that
 * nothing is found in is not thereby harmless, so inline code is medium at least.
 *
 * @returns what it would write: secrets, where it reads some
 */
export function evaluateCode(code: string, language: Language, frame: Frame, at: Field | Span): Flow {
  if (language === 'shell') return frame.shell.text(code, undefined, frame, at)
  const span = { start: at.start, end: at.end }
  if (code.length > MAX_CODE) {
    say(frame, 'code.too-long', 'medium', 'the program text is too long to be looked through', span)
    return NOTHING
  }
  const found = CODE_RULES.filter((rule) => isFor(rule, language) && rule.match.test(code))
  for (const rule of found) rateCode(rule, code, frame, span)
  combine(found, code, frame, span)
  return paths(code, found, frame, span)
}

/**
 * A program in a file does many things, and starting others is what most are for; in one line given in the command it
 * is the whole point. So in a file only what it starts counts.
 */
function riskIn(frame: Frame, risk: RiskLevel): RiskLevel {
  return frame.script === undefined || risk === 'critical' ? risk : 'medium'
}

function isFor({ languages }: CodeRule, language: Language): boolean {
  return languages === undefined || languages.includes(language)
}

/** `system("mv a b")` is as bad as `mv a b`; what is started without being known is worse. */
function isOfFiles({ rule }: { readonly rule: string }): boolean {
  return rule.startsWith('file.')
}

/** A command in a literal is rated as if it had been typed; where there is none to be read, the rule speaks. */
function rateCode(rule: CodeRule, code: string, frame: Frame, span: Span): void {
  const command = rule.command
    ?.exec(code)
    ?.slice(1)
    .find((group) => group !== undefined)
  if (command === undefined) {
    say(frame, rule.id, riskIn(frame, rule.risk), rule.note, span)
    return
  }
  const before = frame.rating.reasons.length
  const text = command.replaceAll(/\\(["'`\\])/g, '$1').replaceAll(/["']\s*,\s*["']/g, ' ')
  frame.shell.text(text, undefined, { ...frame, at: frame.at ?? span }, span)
  const inner = worstSince(frame, before)
  const isOrdinary =
    inner === 'low' || (inner === 'medium' && frame.rating.reasons.slice(before).every(isOfFiles))
  const risk = isOrdinary ? 'medium' : higher(riskIn(frame, rule.risk), inner)
  say(frame, rule.id, risk, `${rule.note}: ${shown({ text })}`, span)
}

const NEAR = 4096

/** What is grave together: near each other, for a long program has a bit of everything. */
function combine(found: readonly CodeRule[], code: string, frame: Frame, span: Span): void {
  const kinds = found.filter(({ kind }) => kind !== undefined)
  if (kinds.length < 2) return
  for (let at = 0; at < code.length; at += NEAR / 2) {
    const piece = code.length <= NEAR ? code : code.slice(at, at + NEAR)
    together(
      kinds.filter(({ match }) => match.test(piece)),
      frame,
      span,
    )
    if (code.length <= NEAR) return
  }
}

function together(found: readonly CodeRule[], frame: Frame, span: Span): void {
  const has = (kind: CodeRule['kind']) => found.some((rule) => rule.kind === kind)
  if (has('socket') && (has('process') || has('descriptors'))) {
    say(frame, 'code.reverse-shell', 'critical', 'connects a program to whoever is at the other end', span)
  }
  if (has('evaluate') && has('network')) {
    say(frame, 'code.run-download', 'critical', 'runs what it fetches over the network', span)
  }
  if (has('evaluate') && has('decode')) {
    say(frame, 'code.run-decoded', 'critical', 'runs a program text that is hidden by an encoding', span)
  }
}

const LITERAL = /(["'`])((?:\\.|(?!\1)[^\\\n]){2,200})\1/g
const WRITES =
  /\b(?:open|fopen|File\.(?:write|open)|write_?(?:text|bytes|file(?:Sync)?)?|append_?file(?:Sync)?|file_put_contents|createWriteStream|shutil|os\.remove|remove_tree|rmtree|rmdir|removedirs|copy(?:file)?|rename|symlink|unlink|chmod|print\s+[^;]*>)\b/i
const WRITE_MODE =
  /["'](?:[wax]b?\+?|[wax]t)["']|["']>{1,2}|\bwrite|append|put_contents|symlink|chmod|unlink|os\.remove|remove_tree|rmtree|rmdir|removedirs|print\s*>/i

/** Paths in the literals of a program: what it reads and writes. */
function paths(code: string, found: readonly CodeRule[], frame: Frame, span: Span): Flow {
  let flow = NOTHING
  const isWriting = WRITES.test(code) && WRITE_MODE.test(code)
  for (const [, , text = ''] of code.matchAll(LITERAL)) {
    if (!/[/~.]/.test(text)) continue
    const place = classOf(text, frame)
    if (place === undefined) continue
    const risk = riskIn(frame, isWriting ? place.write : place.read)
    if (risk === 'low') continue
    const note = `${isWriting ? 'writes' : 'reads'} ${shown({ text })}: ${place.what}`
    if (place.class !== 'root' && place.class !== 'home' && place.class !== 'temporary') {
      say(frame, `code.${isWriting ? 'writes' : 'reads'}-${place.class}`, risk, note, span)
    }
    if (place.read === 'high') flow = union(flow, SECRET)
  }
  if (flow.secret && found.some(({ kind }) => kind === 'network' || kind === 'socket')) {
    const risk = frame.script === undefined ? 'critical' : 'high'
    say(frame, 'flow.secret-to-network', risk, 'reads what should be kept and has the network open', span)
  }
  return flow
}
